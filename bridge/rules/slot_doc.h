/// What a docstring says of a number: its range (`from 0 to 100`, `1-10`, `at most 5`) and its unit.
///
/// Pure. Bounds: docstring_bytes_max of the docstring are read.
#pragma once

#include <string>

#include "bridge/rules/skill_view.h"

namespace strawberry::bridge::rules {

inline constexpr std::size_t docstring_bytes_max = 2000;

/// Fills `number` of the skill's slots.
void read_slot_docs(const std::string& docstring, SkillView& skill);

/// Whether a number with this unit (a stem) can be meant. A temperature without a scale is one in celsius.
bool accepts_unit(const NumberDoc& number, const std::string& unit);

}  // namespace strawberry::bridge::rules
