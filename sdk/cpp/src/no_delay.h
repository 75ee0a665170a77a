/// TCP_NODELAY for a library that neither sets it nor shows its sockets.
///
/// Paho C as Debian 12 has it leaves Nagle's algorithm on, which costs 40 ms or more a call at QoS 1 (docs/traps.md).
/// This looks through the process's sockets for those that are connected to a port, and sets the option where it is
/// off. Another connection of this process to the same port gets it, too, which does no harm. Threading: any, no state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strawberry::sdk {

struct NoDelay {
  std::size_t on = 0;   // TCP sockets that are connected to the port and have the option
  std::size_t off = 0;  // and those where it could not be set
};
/// Called after a connection was made.
NoDelay set_no_delay(std::uint16_t peer_port);
/// As it is, without changing it.
NoDelay look_at_no_delay(std::uint16_t peer_port);

}  // namespace strawberry::sdk
