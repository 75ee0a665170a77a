/// What somebody may have meant who typed a name that does not exist.
///
/// Pure function.   Bounds: words of at most word_bytes_max bytes are compared; longer ones are near to nothing.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace strawberry::cli {

inline constexpr std::size_t nearest_word_bytes_max = 64;

/// The one of `known` that takes the fewest changed, added, left out or swapped letters (upper and lower case are the
/// same), at most a third of the letters typed and at least one; empty when none is that near.
std::string nearest_to(std::string_view word, const std::set<std::string>& known);

}  // namespace strawberry::cli
