/// What a request asks, as a number: so that one that comes again is told from another that was given the same
/// correlation id (docs/contract.md, section 3).
///
/// The same for the same members and values, however the JSON was written: white space, the order of members, and 5.0
/// for 5 make no difference. What belongs to the envelope does not count: whoever asks again may wait less long.
/// Pure.   Cost: grows with the body.   Two different requests have the same number by accident only, one in 2^64.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace strawberry {

/// `op` is the operation that was meant, also where `body` does not name it.
std::uint64_t request_content(std::string_view op, const nlohmann::json& body);

}  // namespace strawberry
