/// Finds the `correlation_id` of a JSON message without building the document, so that the log can name even a message
/// that is too large or cannot be parsed to its end. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::size_t correlation_id_bytes_max = 128;
/// The part of a message that is searched for its id when only the log needs it.
inline constexpr std::size_t looked_at_for_log_bytes_max = 4 * 1024;

/// Returns the first top-level `correlation_id`. Nothing when it is not text, is empty, is longer than
/// correlation_id_bytes_max, or comes after something that is not JSON or nests deeper than 64.
std::optional<std::string> find_correlation_id(std::string_view payload);

}  // namespace strawberry
