/// Identifies the token by which a request was made. The broker plugin adds it to requests to the `devices` and `users`
/// services, and to users' to `chat`, as the MQTT 5 user property `token_property`; the bridge uses it to issue a new
/// token from that one, and to end a chat when the token is revoked.
///
/// Pure functions.   Errors: text that is not such a stamp gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry {

/// Like principal_property: the plugin removes one that a client sent, so the bridge may trust it.
inline constexpr const char* token_property = "strawberry-token";

struct AskingToken {
  std::string jti;  // empty when the token has none
  WallTime issued_at;
  // As in Claims: empty and the epoch in the first token of a line.
  std::string root_jti;
  WallTime root_issued_at;
  WallTime expires_at = {};  // the epoch when the plugin does not add it

  /// The `jti` of the first token of the line; empty when that has none.
  const std::string& root() const { return root_jti.empty() ? jti : root_jti; }
  bool operator==(const AskingToken&) const = default;
};

/// `<iat>/<root_iat>/<jti>/<root_jti>/<exp>`: seconds, and base64url, since a jti may be any text.
std::string encode_token_stamp(const Claims& claims);
std::optional<AskingToken> decode_token_stamp(std::string_view text);

}  // namespace strawberry
