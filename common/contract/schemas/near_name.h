/// Which of some names somebody meant who wrote another: `session` for `session_id`, `skilPath` for `skill_path`.
///
/// Pure.   Bounds: names longer than near_name_bytes_max are near nothing; the cost grows with the number of names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

inline constexpr std::size_t near_name_bytes_max = 64;

/// How many letters must be put in, left out, changed, or swapped with their neighbour to make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `names`; of equally near ones the first. Nothing when none is near: case, `_` and `-` do not count, a
/// part of a name between two `_` will do, as will its beginning; else one letter in three may be wrong.
std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& names);

}  // namespace strawberry
