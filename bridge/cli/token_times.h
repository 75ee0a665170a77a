/// When a token was issued and when it ends, as the token itself says: for people, and to renew it in time.
///
/// Pure functions, except that local time depends on TZ.   Errors: nothing for what is no token.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace strawberry::cli {

struct TokenTimes {
  WallTime issued_at;
  WallTime expires_at;
  /// A third before its end: what then goes wrong can still be put right.
  WallTime refresh_at() const { return expires_at - (expires_at - issued_at) / 3; }
};
/// What the token says of itself. It proves nothing: only the hub can verify it.
std::optional<TokenTimes> times_of(std::string_view token);

/// For people and for programs: `2027-01-28 10:35 CET (2027-01-28T09:35:00Z)`.
std::string local_and_utc(WallTime time);

}  // namespace strawberry::cli
