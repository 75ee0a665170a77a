/// Which addresses count as one client, where attempts and failures are limited by address.
///
/// Pure.   Threading: any.
#pragma once

#include <string>
#include <string_view>

namespace strawberry {

/// Returns the part of an IP address that identifies a household or machine: all of IPv4, also when it is written
/// within IPv6 (`::ffff:192.0.2.1`, as a listener for both kinds sees it); the first 64 bits of IPv6. Each spelling of
/// an address gives the same text. Empty when `address` is no IP address.
std::string network_of(std::string_view address);

}  // namespace strawberry
