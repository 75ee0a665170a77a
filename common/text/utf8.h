/// UTF-8, as utf8proc reads it. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

/// Returns the number of bytes of the character at the front of `text`, and its code point; 0 when it is not valid.
std::size_t decode_utf8(std::string_view text, std::int32_t& code_point);
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);

/// Normalizes the text: `options` are utf8proc's (UTF8PROC_COMPOSE and others). Nothing when it is not valid UTF-8.
std::optional<std::string> map_utf8(std::string_view text, int options);

}  // namespace strawberry
