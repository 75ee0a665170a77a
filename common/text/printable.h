/// Makes untrusted text safe for a log line or a message: control characters and bytes that are not UTF-8 escaped,
/// length limited.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

/// Returns at most `bytes_max` bytes of `text` (an ellipsis marks a cut), with control characters as `\xNN`.
std::string printable(std::string_view text, std::size_t bytes_max = 256);

/// Returns `text` for a model: without control characters (line feeds and tabs stay), cut between characters to
/// `bytes_max`.
std::string as_data(std::string_view text, std::size_t bytes_max);

}  // namespace strawberry
