/// A hash of what a request asks for: it distinguishes a repeated request from a different one with the same
/// correlation id (docs/contract.md, section 3).
///
/// The same members and values give the same hash however the JSON was written: white space, the order of members, and
/// 5.0 for 5 make no difference. Members of the envelope are left out: a repeated request may have a shorter timeout.
/// Pure.   Cost: grows with the body.   Two different requests collide by accident only, with a chance of 1 in 2^64.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

namespace strawberry {

/// `op` is the operation to run, also where `body` does not name it.
std::uint64_t request_content(std::string_view op, const nlohmann::json& body);

}  // namespace strawberry
