/// Sentences that mean something only after another: `and in the kitchen too`, `again`, `a bit brighter`.
///
/// Pure functions. Bounds: those of the sentence and the context.
#pragma once

#include <optional>
#include <vector>

#include "bridge/rules/context.h"

namespace strawberry::bridge::rules {

/// How far a number goes by itself.
inline constexpr double step_share = 0.1;  // of a range that is known
inline constexpr double step_of_temperature = 1;
inline constexpr double steps_of_much = 3;  // `a lot brighter`

/// What was done last, once more or on another device.
std::optional<Thought> read_repetition(const Sentence& sentence, const Context& context, const Household& household);

/// `a bit brighter`, `turn the volume down by 10`: for skills that set a number whose last value is known; else asks.
std::optional<Thought> read_relative(const Sentence& sentence, const Context& context, const Household& household,
                                     const std::vector<SkillView>& skills);

}  // namespace strawberry::bridge::rules
