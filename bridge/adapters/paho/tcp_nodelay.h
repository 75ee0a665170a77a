/// TCP_NODELAY for every TCP connection this program opens.
///
/// Paho's client library leaves Nagle's algorithm on: at QoS 1 its small packets then wait for the peer's delayed
/// acknowledgement, 40 ms at a time, and it has no option to say otherwise. This file defines `connect()` in the
/// executable, which the library's calls resolve to; it sets the option and goes on to the C library's own.
#pragma once

#include <cstdint>

namespace strawberry {

/// How many connections have been opened with the option set. Calling it also makes the linker keep the definition.
std::uint64_t tcp_nodelay_connections();

}  // namespace strawberry
