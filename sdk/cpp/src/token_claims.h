/// What a token says of itself: whose it is, and from when to when. It proves nothing; only the hub can verify it.
///
/// Pure functions.   Errors: nothing for what is no token.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/principal.h"
#include "common/text/clock.h"

namespace strawberry::sdk {

inline constexpr std::size_t token_bytes_max = 8 * 1024;

struct TokenClaims {
  PrincipalType type = PrincipalType::device;
  std::string id;
  WallTime issued_at;
  WallTime expires_at;

  /// A third before its end: what then goes wrong can still be put right.
  WallTime renew_at() const { return expires_at - (expires_at - issued_at) / 3; }
};
std::optional<TokenClaims> read_claims(std::string_view token);

/// Why a broker does not accept this token, as far as the token itself tells.
std::string why_refused(const std::optional<TokenClaims>& claims, WallTime now);

}  // namespace strawberry::sdk
