/// Finds where a sentence says that something is to be done later or only under a condition: `in ten minutes`, `at 7
/// pm`, `tomorrow`, `if it rains`. The rules act at once or not at all.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include <optional>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// The first word of such a phrase within [from, to). Words written with a capital may be a title, and are none when
/// `is_text`.
std::optional<std::size_t> find_later(const Sentence& sentence, std::size_t from, std::size_t to, bool is_text);

}  // namespace strawberry::bridge::rules
