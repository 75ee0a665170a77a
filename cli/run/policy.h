/// The decisions of `strawberryctl run`: the next port, the processes that an earlier run left behind, and the address
/// at which clients find the broker.
///
/// Pure functions and values: they do not use the system.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry::cli {

inline constexpr int ports_tried_max = 50;
inline constexpr int port_max = 65535;

/// Returns the first free port from `from` on, among the ports_tried_max that begin with `wanted`.
std::optional<int> next_free_port(int wanted, int from, const std::function<bool(int)>& is_taken);

/// Returns whether a process was started by an earlier run for this data directory. `command_line` as in
/// /proc/PID/cmdline: each argument ends with a zero byte.
bool is_leftover(std::string_view command_line, std::string_view program, std::string_view data_dir);

/// Returns the address at which clients on this machine reach a listener.
std::string host_of(const std::string& listen);
/// Returns the host as written before a port: an IPv6 address in brackets.
std::string shown_host(const std::string& host);
bool is_address(std::string_view text);

/// Returns `with status 1`, `by signal KILL`; `status` as of waitpid().
std::string how_it_ended(int status);

/// Returns `path` as people type it in `current`.
std::string shown_path(const std::string& path, const std::string& current);

}  // namespace strawberry::cli
