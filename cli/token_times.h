/// A token's claims, and when it was issued and expires: for people, and to renew it in time.
///
/// Pure functions, except that local time depends on TZ.   Errors: nullopt for text that is not a token.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/text/clock.h"

namespace strawberry::cli {

struct TokenTimes {
  WallTime issued_at;
  WallTime expires_at;
  /// A third before its end, so that there is time to correct a failure.
  WallTime refresh_at() const { return expires_at - (expires_at - issued_at) / 3; }
};
/// Returns the token's claims. This proves nothing: only the hub can verify it.
std::optional<nlohmann::json> claims_of(std::string_view token);
/// Returns the two times among those claims.
std::optional<TokenTimes> times_of(std::string_view token);

/// Returns the time for people and for programs: `2027-01-28 10:35 CET (2027-01-28T09:35:00Z)`.
std::string local_and_utc(WallTime time);

}  // namespace strawberry::cli
