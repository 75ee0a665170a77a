/// By which token a request was made: what the broker's plugin writes onto requests to the `devices` and `users`
/// services, as the MQTT 5 user property `token_property`, for whoever makes a new token from it.
///
/// Pure functions.   Errors: text that is no such stamp gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry {

/// Beside principal_property: the plugin takes away one that a client sends itself, so the bridge may believe it.
inline constexpr const char* token_property = "strawberry-token";

struct AskingToken {
  std::string jti;  // empty when it has none
  WallTime issued_at;
  // As in Claims: empty and the epoch in the first of a line.
  std::string root_jti;
  WallTime root_issued_at;
  WallTime expires_at = {};  // the epoch when the plugin does not say

  /// The first token of its line; empty when that has no jti.
  const std::string& root() const { return root_jti.empty() ? jti : root_jti; }
  bool operator==(const AskingToken&) const = default;
};

/// `<iat>/<root_iat>/<jti>/<root_jti>/<exp>`: seconds, and base64url, since a jti may be any text.
std::string encode_token_stamp(const Claims& claims);
std::optional<AskingToken> decode_token_stamp(std::string_view text);

}  // namespace strawberry
