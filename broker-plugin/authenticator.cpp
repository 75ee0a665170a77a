#include "broker-plugin/authenticator.h"

#include <algorithm>

#include "common/identity/token_admission.h"
#include "common/text/ids.h"

namespace strawberry::plugin {

Result<Claims, Refusal> Authenticator::authenticate(const ConnectAttempt& attempt) {
  auto claims = authenticate_token(attempt.password);
  if (!claims) return claims;

  const Principal& principal = claims->principal;
  const auto refuse = [&principal](std::string_view reason) { return tl::unexpected(Refusal{reason, principal}); };
  if (!attempt.user_name.empty() && attempt.user_name != principal.id) return refuse("user_name_differs");
  if (const auto reason = objection_to_login(directory_, *claims); !reason.empty()) return refuse(reason);
  const std::string_view reason = objection_to_client_id(attempt, principal);
  if (!reason.empty()) return refuse(reason);
  if (connections_.is_full() || connections_.is_full_for(principal, attempt.client_id))
    return refuse("too_many_connections");
  return claims;
}

Result<Claims, Refusal> Authenticator::authenticate_token(std::string_view token) {
  auto claims = verify(token);
  if (!claims) return tl::unexpected(Refusal{to_string(claims.error()), std::nullopt});
  // A device registered or revoked this instant is just that; without the database the last good view decides.
  (void)directory_.refresh_one({claims->principal.id, claims->principal.user_id, claims->jti, claims->root_jti});
  const std::string_view reason =
      objection_to_token(directory_, {claims->principal, claims->issued_at, claims->jti, claims->root_jti});
  if (!reason.empty()) return tl::unexpected(Refusal{reason, claims->principal});
  return std::move(*claims);
}

/// Says what verify_token() says, and asks it unless it has said yes to this token before and nothing has changed.
Result<Claims, TokenError> Authenticator::verify(std::string_view token) {
  const WallTime now = clock_.wall_now();
  if (token.size() > token_bytes_max) return verify_token(keys_.keys(), token, now);
  if (const Claims* known = verified_.find(token, now); known != nullptr && known->expires_at > now) {
    const auto& keys = keys_.keys().keys();
    // Also by name: the token may say which key it means.
    const bool has_key = std::any_of(keys.begin(), keys.end(), [known](const Key& key) {
      return key.kid() == known->kid && key.fingerprint() == known->key_fingerprint;
    });
    if (has_key) return *known;
  }
  auto claims = verify_token(keys_.keys(), token, now);
  if (claims) verified_.remember(token, *claims, now);
  return claims;
}

std::string_view Authenticator::objection(const Claims& claims) const {
  if (claims.expires_at <= clock_.wall_now()) return "token_expired";
  const auto& keys = keys_.keys().keys();
  const bool key_stands = std::any_of(
      keys.begin(), keys.end(), [&claims](const Key& key) { return key.fingerprint() == claims.key_fingerprint; });
  if (!key_stands) return "key_retired";
  return objection_to_token(directory_, {claims.principal, claims.issued_at, claims.jti, claims.root_jti});
}

std::string_view Authenticator::objection(const StoredSession& session) const {
  if (session.is_dead) return "token_revoked";
  return objection_to_token(directory_, {session.principal, session.issued_at, session.jti, session.root_jti});
}

std::string_view Authenticator::objection_to_client_id(const ConnectAttempt& attempt,
                                                       const Principal& principal) const {
  if (!is_valid_id(attempt.client_id)) return "bad_client_id";
  if (attempt.client_id != principal.id && is_id_of_another(attempt.client_id)) return "client_id_is_a_principal";
  // Also for one's own id: a device may have been registered under the id of a user who left a session behind.
  const Principal* holder = connections_.holder_of(attempt.client_id);
  if (holder == nullptr) return "";
  if (*holder != principal) return "client_id_in_use";
  const StoredSession* session = connections_.stored(attempt.client_id);
  const bool resumes_dead = session != nullptr && !attempt.is_clean && !objection(*session).empty();
  return resumes_dead ? "session_of_revoked_token" : "";
}

bool Authenticator::is_id_of_another(std::string_view client_id) const {
  return is_reserved_id(client_id) || directory_.find(client_id) != nullptr || directory_.has_devices(client_id) ||
         connections_.principal_with(client_id) != nullptr;
}

}  // namespace strawberry::plugin
