/// Tokens as an attacker would write them: each differs from a valid one in one point, and has the reason for which it
/// must be refused. Used with verify_token() alone and with the plugin in a real broker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/common/generated_keys.h"

namespace strawberry::test {

/// A hub's keys, one of each kind: the secret of one, the public half of two. New for each object.
struct AttackedKeys {
  AttackedKeys();

  std::string jwks;    // the hub's key file
  std::string secret;  // of `k1`, HS256
  GeneratedKeys rsa;   // `rsa`, RS256
  GeneratedKeys ec;    // `ec`, ES256
};

struct TokenAttack {
  std::string name;
  std::string token;
  std::string reason;  // to_string(TokenError)
};

/// An HS256 token with any header and payload.
std::string sign_hs256(std::string_view header, std::string_view payload, const std::string& secret);

/// Claims of alice's device `speaker`, valid for an hour.
std::string good_claims(std::int64_t now_s);
std::string good_token(const AttackedKeys& keys, std::int64_t now_s);
/// Returns every attack, at `now_s` seconds since the epoch. None is longer than an MQTT password can be.
std::vector<TokenAttack> token_attacks(const AttackedKeys& keys, std::int64_t now_s);

}  // namespace strawberry::test
