/// Checks whether a process listens on a port of this machine, and which.
///
/// Threading: any, no state.   Bounds: connect_timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace strawberry::cli {

inline constexpr std::chrono::milliseconds connect_timeout{1'000};

/// `host`: an address of this machine.
bool accepts_connections(const std::string& host, int port);

/// Returns the sockets that listen on `port`, on whatever address, by the names that a process's open files have.
std::set<std::string> listening_sockets(std::uint16_t port);
/// Returns whether a process has one of them open; nullopt when its open files may not be seen. `process`: /proc/PID.
std::optional<bool> has_one_of(const std::filesystem::path& process, const std::set<std::string>& sockets);

}  // namespace strawberry::cli
