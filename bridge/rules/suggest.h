/// Makes example sentences that would be understood, from the present skills.
///
/// Pure functions. Bounds: the count asked for.
#pragma once

#include <string>
#include <vector>

#include "bridge/rules/match_skill.h"

namespace strawberry::bridge::rules {

/// Returns up to `count` examples of different functions, nearest to the sentence first; only near ones when `is_near`.
std::vector<std::string> suggest(const std::vector<SkillView>& skills, const Sentence& sentence, std::size_t count,
                                 bool is_near);

/// Returns `"turn on Kitchen Light", "set volume to 50"`.
std::string quoted_list(const std::vector<std::string>& examples);

}  // namespace strawberry::bridge::rules
