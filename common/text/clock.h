/// Injected time: wall time for values that other machines see (token claims, stored timestamps), steady time for
/// deadlines and expiry. Tests move a FakeClock (tests/support/fake_clock.h) by hand.
///
/// Threading: SystemClock may be used from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall_now() const override;
  SteadyTime steady_now() const override;
};

/// The last second of the year 9999, since the Unix epoch: later ones have no RFC 3339 form, and would overflow
/// milliseconds eventually.
inline constexpr std::int64_t rfc3339_seconds_max = 253'402'300'799;

/// RFC 3339, UTC, with milliseconds: `2026-01-31T12:00:00.000Z`.
std::string format_rfc3339(WallTime time);
/// Returns nothing unless `text` is an RFC 3339 date and time with its offset (`2026-01-31T13:00:00.5+01:00`); digits
/// beyond milliseconds are cut off. No leap seconds.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Milliseconds since the Unix epoch, as the database stores times.
std::int64_t to_unix_ms(WallTime time);
WallTime from_unix_ms(std::int64_t ms);

}  // namespace strawberry
