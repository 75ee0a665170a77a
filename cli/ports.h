/// Checks whether a process listens on a port of this machine.
///
/// Threading: any, no state.   Bounds: connect_timeout.
#pragma once

#include <chrono>
#include <string>

namespace strawberry::cli {

inline constexpr std::chrono::milliseconds connect_timeout{1'000};

/// `host`: an address of this machine.
bool accepts_connections(const std::string& host, int port);

}  // namespace strawberry::cli
