/// Finds phrases that delay a command or make it conditional: `in ten minutes`, `at 7 pm`, `tomorrow`, `if it rains`.
/// The rules act at once or not at all.
///
/// Pure functions. Bounds: those of the sentence.
#pragma once

#include <optional>

#include "bridge/rules/words.h"

namespace strawberry::bridge::rules {

/// Returns the first word of such a phrase within [from, to). With `is_text`, capitalized words do not count, since
/// they may be a title.
std::optional<std::size_t> find_later(const Sentence& sentence, std::size_t from, std::size_t to, bool is_text);

}  // namespace strawberry::bridge::rules
