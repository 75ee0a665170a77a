/// A token's claims: its principal, and from when to when it is valid. Not verified; only the hub can do that.
///
/// Pure functions.   Errors: nullopt for text that is not a token.
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

  /// A third before its end, so that there is time to correct a failure.
  WallTime renew_at() const { return expires_at - (expires_at - issued_at) / 3; }
};
std::optional<TokenClaims> read_claims(std::string_view token);

/// Returns why a broker does not accept this token, as far as the token shows it.
std::string why_refused(const std::optional<TokenClaims>& claims, WallTime now);

}  // namespace strawberry::sdk
