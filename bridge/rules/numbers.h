/// Numbers as people write them: `21,5`, `twenty-five`, `one hundred and twenty`, `half an hour`; German too.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include <optional>
#include <string_view>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// Of one word: digits with a point or comma (`1,000` is a thousand), or a number word, folded.
std::optional<double> number_of(std::string_view written, std::string_view folded);

/// Makes one word of number words in a row, and of `half an` or `a` in front of a unit of time.
Sentence join_numbers(Sentence sentence);

}  // namespace strawberry::bridge::rules
