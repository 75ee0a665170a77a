/// Suggests a known name for a mistyped one.
///
/// Pure function.   Bounds: words of at most word_bytes_max bytes are compared; a longer one has no suggestion.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace strawberry::cli {

inline constexpr std::size_t nearest_word_bytes_max = 64;

/// Returns the one of `known` with the fewest changed, added, missing or swapped letters (ignoring upper and lower
/// case), at most a third of the letters typed and at least one; empty when none is that near.
std::string nearest_to(std::string_view word, const std::set<std::string>& known);

}  // namespace strawberry::cli
