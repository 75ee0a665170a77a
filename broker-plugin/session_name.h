/// The MQTT user name that the plugin gives a connection: its principal and token.
///
/// The broker stores it with the session, on disk too, so that topic policy and revocation also work for sessions from
/// before a restart. Its tag is random for each start of the plugin: no client can send it.
/// Pure functions; nothing throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/principal.h"
#include "common/identity/token.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

struct SessionName {
  Principal principal;
  WallTime issued_at;    // the epoch: unknown
  std::string jti;       // empty: the token has none, or one that does not fit into a name
  std::string root_jti;  // likewise; also empty for the first token of a line
  std::string tag;
  Scopes scopes = Scopes::all();  // of the token
};

/// Returns `device/alice/3f0c/1767225600/<tag>/<jti>`, and `/<root_jti>` when there is one. For a token with restricted
/// scopes, the time is followed by a colon and the scopes in hexadecimal.
std::string encode_session_name(const Claims& claims, std::string_view tag);
/// Returns nothing for other texts. Accepts encode_principal() alone, which is how the first versions named sessions.
std::optional<SessionName> decode_session_name(std::string_view name);

}  // namespace strawberry::plugin
