/// The `correlation_id` of a JSON message, read without building anything, so that even what cannot be read to its end,
/// or is too large, can be called by its name. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::size_t correlation_id_bytes_max = 128;
/// As much of a message as it is worth looking at, only to call it by its id in the log.
inline constexpr std::size_t looked_at_for_log_bytes_max = 4 * 1024;

/// The first top-level one. Nothing when it is no text, empty, longer than correlation_id_bytes_max, or behind
/// something that is no JSON or nests deeper than 64.
std::optional<std::string> find_correlation_id(std::string_view payload);

}  // namespace strawberry
