/// Text from outside, made fit for a log line or a message: control characters and what is not UTF-8 escaped, length
/// bounded.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

/// At most `bytes_max` bytes of `text` (an ellipsis marks a cut), with control characters as `\xNN`.
std::string printable(std::string_view text, std::size_t bytes_max = 256);

/// For a model: `text` without control characters (line feeds and tabs stay), cut at a character's border to
/// `bytes_max`.
std::string as_data(std::string_view text, std::size_t bytes_max);

}  // namespace strawberry
