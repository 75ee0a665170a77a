/// Parses untrusted JSON that has only one reading: an object without duplicate members at any level, no byte order
/// mark, no NUL, nothing after it, nested at most `depth_max` deep. Where two parsers read a signed document
/// differently, signatures can be forged.
///
/// Never throws. Bounds: the caller limits the size first.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace strawberry {

std::optional<nlohmann::json> parse_strict_object(std::string_view text, std::size_t depth_max);

}  // namespace strawberry
