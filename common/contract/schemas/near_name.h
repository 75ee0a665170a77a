/// Finds the name that a misspelt one probably stands for: `session_id` for `session`, `skill_path` for `skilPath`.
///
/// Pure.   Bounds: names longer than near_name_bytes_max match nothing; the cost grows with the number of names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry {

inline constexpr std::size_t near_name_bytes_max = 64;

/// Returns how many letters must be inserted, removed, changed, or swapped with their neighbour to turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Returns the nearest of `names`, and the first of equally near ones; nothing when none is near. Case, `_` and `-` are
/// ignored. A part of a name between two `_` matches, as does its beginning; otherwise one letter in three may be
/// wrong.
std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& names);

}  // namespace strawberry
