/// A sentence with one word for each thing, whichever of several words was used. What was written stays as it is: texts
/// are taken from there.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include "bridge/llm/rules/words.h"

namespace strawberry::rules {

Sentence normal_form(Sentence sentence);

}  // namespace strawberry::rules
