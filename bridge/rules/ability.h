/// What can be asked for: a skill, and what to call it by. The rules know nothing else of who asks and who runs it.
///
/// Lifetime: refers to the skill.
#pragma once

#include <string>

#include "bridge/skills/offered_skill.h"

namespace strawberry::bridge::rules {

struct Ability {
  std::string name;  // the caller's own; never shown
  const OfferedSkill* skill = nullptr;
  std::string device_parameter;  // the argument that chooses the device; empty: there is none
  bool needs_device = false;     // nobody chooses the device when the sentence does not
};

}  // namespace strawberry::bridge::rules
