/// Sets TCP_NODELAY for a library that neither sets it nor gives access to its sockets.
///
/// Paho C of Debian 12 leaves Nagle's algorithm on, which costs 40 ms or more a call at QoS 1 (docs/traps.md). This
/// searches the process's sockets for those connected to a port, and sets the option where it is off. Other connections
/// of this process to the same port get it, too, which is harmless. Threading: any, no state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strawberry::sdk {

struct NoDelay {
  std::size_t on = 0;   // TCP sockets that are connected to the port and have the option
  std::size_t off = 0;  // those on which it could not be set
};
/// Called after a connection was made.
NoDelay set_no_delay(std::uint16_t peer_port);
/// Counts without changing the option.
NoDelay look_at_no_delay(std::uint16_t peer_port);

}  // namespace strawberry::sdk
