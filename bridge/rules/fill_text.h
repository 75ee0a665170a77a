/// The text parameters of a skill: quoted text first, in order, then the words that are left after the verb.
#pragma once

#include "bridge/rules/fill_slots.h"

namespace strawberry::bridge::rules {

void fill_text(SlotWork& work);

}  // namespace strawberry::bridge::rules
