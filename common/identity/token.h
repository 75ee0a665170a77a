/// Device tokens: JWTs (RFC 7519) in JWS compact form (RFC 7515), claims as in docs/contract.md, section 1.
///
/// Threading: pure functions.   Errors: TokenError in Result, never thrown.   Bounds: token_bytes_max, claims as typed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/identity/keys.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry {

inline constexpr std::size_t token_bytes_max = 4096;
inline constexpr std::chrono::seconds token_lifetime_default = std::chrono::hours(24 * 30);
/// Clocks of hub and issuer may differ by this much for `nbf` and `iat`; `exp` is exact.
inline constexpr std::chrono::seconds token_clock_leeway{60};
inline constexpr std::size_t jti_bytes_max = 128;

struct Claims {
  Principal principal;  // sub, type, user_id
  std::string name;     // device_name or name
  WallTime issued_at;   // the epoch when the token has none and is not a device's
  WallTime expires_at;
  std::string jti;
  // For a token that was made from another one: the first token of its line. Empty and the epoch in the first token.
  std::string root_jti;     // revoking it revokes this token
  WallTime root_issued_at;  // the start of the line
  // `scope` and `skills`. program_scopes for a program that was allowed before scopes existed.
  Rights rights = {};
  // The key that verified the token; issue_token() ignores these members.
  std::string kid;              // the key's own name, which may be empty; not taken from the token
  std::string key_fingerprint;  // never logged, see Key
};

/// The reasons for refusing a token; each has its own word in logs.
enum class TokenError {
  missing,
  too_large,
  malformed,
  unknown_critical,
  unknown_algorithm,
  unknown_key,
  bad_signature,
  bad_claims,
  no_expiry,
  expired,
  not_yet_valid,
};
std::string_view to_string(TokenError error);

/// Verifies signature and claims. The key determines the algorithm, never the header.
Result<Claims, TokenError> verify_token(const KeySet& keys, std::string_view token, WallTime now);

/// Signs `claims` with the set's signing key. `iat` and `exp` are rounded down to whole seconds. A token issued right
/// after a revocation therefore needs an issued_at of at least tokens_valid_from, itself a whole second.
Result<std::string> issue_token(const KeySet& keys, const Claims& claims);

}  // namespace strawberry
