/// The MQTT user name that the plugin gives a connection: who it is, and by which token.
///
/// The broker keeps it with a stored session, on disk too, so that topic policy and revocation need no memory of their
/// own for sessions from before a restart. Its tag is random for each start of the plugin: no client can send it.
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
  WallTime issued_at;    // the epoch when unknown
  std::string jti;       // empty when there is none, or none that fits into a name
  std::string root_jti;  // likewise; empty, too, for the first of a line
  std::string tag;
  Scopes scopes = Scopes::all();  // of its token
};

/// `device/alice/3f0c/1767225600/<tag>/<jti>`, and `/<root_jti>` when there is one. Of a token that may not do all, the
/// time is followed by a colon and its scopes in hexadecimal.
std::string encode_session_name(const Claims& claims, std::string_view tag);
/// Nothing for anything else but encode_principal() alone, which is how the first versions named sessions.
std::optional<SessionName> decode_session_name(std::string_view name);

}  // namespace strawberry::plugin
