/// Why there is no connection, in words: Paho says `TCP/TLS connect failure` of an unknown host, of a port on which
/// nobody listens, and of a certificate that does not fit. So the host is looked up and its port is tried once more.
///
/// Threading: any; the look-up, which cannot be broken off, is left to a thread of its own when it takes too long.
/// Errors: what Paho said, when nothing better is known.   Bounds: look_up_max and connect_max, less when `stops`.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "sdk/cpp/src/access.h"

namespace strawberry::sdk {

inline constexpr std::chrono::milliseconds look_up_max{2'000};
inline constexpr std::chrono::milliseconds connect_max{1'000};

std::string why_unreachable(const Access& access, const std::string& said, const std::atomic<bool>& stops);

}  // namespace strawberry::sdk
