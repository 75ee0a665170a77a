/// Sentences that would be understood, made from the skills at hand.
///
/// Pure functions. Bounds: the count asked for.
#pragma once

#include <string>
#include <vector>

#include "bridge/rules/match_skill.h"

namespace strawberry::bridge::rules {

/// Up to `count` examples, nearest to the sentence first; only near ones when `is_near`, and of different functions.
std::vector<std::string> suggest(const std::vector<SkillView>& skills, const Sentence& sentence, std::size_t count,
                                 bool is_near);

/// `"turn on Kitchen Light", "set volume to 50"`
std::string quoted_list(const std::vector<std::string>& examples);

}  // namespace strawberry::bridge::rules
