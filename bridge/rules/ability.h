/// A skill that can be requested, and the name to call it by. The rules know neither who requests it nor who runs it.
///
/// Lifetime: refers to the skill.
#pragma once

#include <string>

#include "bridge/skills/offered_skill.h"

namespace strawberry::bridge::rules {

struct Ability {
  std::string name;  // the caller's name for it; never shown
  const OfferedSkill* skill = nullptr;
  std::string device_parameter;  // the argument that selects the device; empty: none
  bool needs_device = false;     // the sentence must name the device, since the hub does not choose one
};

}  // namespace strawberry::bridge::rules
