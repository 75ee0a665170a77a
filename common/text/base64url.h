/// base64url without padding (RFC 4648, section 5), as JOSE uses it. Every byte string has exactly one text: padding,
/// characters of other alphabets, line breaks and non-zero trailing bits are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace strawberry
