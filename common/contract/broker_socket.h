/// The Unix socket on which the broker takes connections of processes on the same machine.
///
/// Threading: any, no state.   Errors: none.   Bounds: a path has at most broker_socket_bytes_max bytes, the system's
/// own limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace strawberry {

/// Its name in the hub's data directory.
inline constexpr std::string_view broker_socket_name = "broker.sock";
inline constexpr std::size_t broker_socket_bytes_max = 107;  // sockaddr_un::sun_path, less its zero

/// The way a process connects to the broker.
struct BrokerSocket {
  std::string path = {};  // empty: the process uses TCP
  bool only = false;      // no fallback to TCP when the socket cannot be reached
  bool operator==(const BrokerSocket&) const = default;
};

/// Settings that are not a path.
inline constexpr std::string_view broker_socket_auto = "auto";
inline constexpr std::string_view broker_socket_off = "off";

/// `setting`: `auto`, `off`, empty (as `off`), or a path. `auto` is the socket in the data directory with TCP as the
/// fallback, provided `host` is this machine and the path is not too long; otherwise TCP only.
BrokerSocket choose_broker_socket(std::string_view setting, std::string_view data_directory, std::string_view host);

/// Connects to the socket and closes the connection. Returns 0 when a broker listens there, else the errno. EAGAIN: a
/// broker listens, and its queue is full.
int errno_of_broker_socket(const std::string& path);

/// True for `localhost`, loopback addresses, and addresses of this machine's own interfaces. Does not look up names.
bool is_this_machine(std::string_view host);

}  // namespace strawberry
