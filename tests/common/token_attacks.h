/// Tokens as an enemy would write them: each differs from a good one in one thing, and says for what reason it must be
/// refused. Thrown at verify_token() alone and at the plugin in a real broker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/common/generated_keys.h"

namespace strawberry::test {

/// A hub's keys, one of each kind: the secret of one, the public half of two. Made anew for each object.
struct AttackedKeys {
  AttackedKeys();

  std::string jwks;    // what the hub has on disk
  std::string secret;  // of `k1`, HS256
  GeneratedKeys rsa;   // `rsa`, RS256
  GeneratedKeys ec;    // `ec`, ES256
};

struct TokenAttack {
  std::string name;
  std::string token;
  std::string reason;  // to_string(TokenError)
};

/// HS256 around whatever header and payload.
std::string sign_hs256(std::string_view header, std::string_view payload, const std::string& secret);

/// Claims of a device `speaker` of alice's, good for an hour.
std::string good_claims(std::int64_t now_s);
std::string good_token(const AttackedKeys& keys, std::int64_t now_s);
/// Every attack, at `now_s` seconds since the epoch. None is longer than an MQTT password can be.
std::vector<TokenAttack> token_attacks(const AttackedKeys& keys, std::int64_t now_s);

}  // namespace strawberry::test
