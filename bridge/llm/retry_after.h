/// How long a server asks to be left alone: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.
///
/// Pure: a date is counted from the server's own `date`, so that no two clocks are compared; without one it says
/// nothing.   Bounds: what is not above zero or longer than two minutes is ignored, as is what cannot be read.
#pragma once

#include <chrono>
#include <optional>

#include "bridge/ports/http.h"

namespace strawberry::bridge {

/// A server may ask for a longer pause than this, and is then not believed.
inline constexpr std::chrono::milliseconds pause_believed_max{120'000};

std::optional<std::chrono::milliseconds> retry_after_of(const HttpResponse& response);

}  // namespace strawberry::bridge
