/// UTF-8, as utf8proc reads it. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strawberry {

/// How many bytes the character at the front of `text` has, and its code point; 0 when there is none.
std::size_t decode_utf8(std::string_view text, std::int32_t& code_point);
bool is_utf8(std::string_view text);

}  // namespace strawberry
