/// The keys for fuzzing tokens: one of each kind, always the same, so that a stored input keeps its meaning. The secret
/// of the first is in the tree and was never used by a hub; the others are public keys whose private halves signed a
/// few tokens of the corpus and were deleted.
#pragma once

#include <string>
#include <string_view>

#include "common/identity/keys.h"
#include "common/text/clock.h"

namespace strawberry::test {

/// The time of every verification: 2026-01-01T00:00:00Z.
inline constexpr WallTime fuzz_now{std::chrono::seconds(1'767'225'600)};

inline constexpr std::string_view fuzz_hmac_kid = "hs";

/// `hs` (HS256), `rs` (RS256), `es` (ES256).
const KeySet& fuzz_keys();

/// Secrets that an attacker might try: the key itself, or the public parts of the other two.
std::string_view fuzz_hmac_secret();
std::string fuzz_rsa_modulus();
std::string_view fuzz_rsa_pem();
std::string_view fuzz_ec_pem();

/// A compact JWS with `header` and `payload`, signed with HMAC-SHA256 with `secret`.
std::string hmac_signed(std::string_view header, std::string_view payload, std::string_view secret);

}  // namespace strawberry::test
