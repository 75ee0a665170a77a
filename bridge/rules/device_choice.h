/// Selects the devices that a skill runs on: those named, all of them, the only one that can, or a question.
///
/// Pure functions. Bounds: devices_at_once_max.
#pragma once

#include <vector>

#include "bridge/rules/match_skill.h"

namespace strawberry::bridge::rules {

/// How a sentence refers to devices.
struct Spoken {
  std::vector<Mention> mentions;
  bool is_all = false;      // `all the lights`
  bool is_both = false;     // `both lights`
  bool is_pronoun = false;  // `it`, `them`: the mentions are those of the previous sentence
};

/// Returns those of the mention's devices that offer the skill.
std::vector<const OfferingDevice*> devices_meant(const SkillView& skill, const Mention& mention);

/// Sets `chosen`, or a state of the fit that cannot be called.
void choose_device(Fit& fit, const Spoken& spoken, const Household& household);

}  // namespace strawberry::bridge::rules
