/// Which devices a skill is to run on: those named, all of them, the one that can, or a question.
///
/// Pure functions. Bounds: devices_at_once_max.
#pragma once

#include <vector>

#include "bridge/rules/match_skill.h"

namespace strawberry::bridge::rules {

/// How a sentence speaks of devices.
struct Spoken {
  std::vector<Mention> mentions;
  bool is_all = false;      // `all the lights`
  bool is_both = false;     // `both lights`
  bool is_pronoun = false;  // `it`, `them`: the mentions are those of before
};

/// Those of the mention's devices that offer the skill.
std::vector<const OfferingDevice*> devices_meant(const SkillView& skill, const Mention& mention);

/// Fills `chosen`, or makes the fit one that cannot be called.
void choose_device(Fit& fit, const Spoken& spoken, const Household& household);

}  // namespace strawberry::bridge::rules
