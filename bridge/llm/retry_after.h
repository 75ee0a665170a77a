/// Reads the pause that a server requests: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.
///
/// Pure: a date is compared with the server's own `date`, so that no two clocks are compared; without one it is
/// ignored.   Bounds: a pause that is not above zero, longer than two minutes, or cannot be read is ignored.
#pragma once

#include <chrono>
#include <optional>

#include "bridge/ports/http.h"

namespace strawberry::bridge {

/// Longer pauses are ignored.
inline constexpr std::chrono::milliseconds pause_believed_max{120'000};

std::optional<std::chrono::milliseconds> retry_after_of(const HttpResponse& response);

}  // namespace strawberry::bridge
