/// UTF-8, as utf8proc reads it. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strawberry {

/// Returns the number of bytes of the character at the front of `text`, and its code point; 0 when it is not valid.
std::size_t decode_utf8(std::string_view text, std::int32_t& code_point);
bool is_utf8(std::string_view text);

}  // namespace strawberry
