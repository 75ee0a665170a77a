#include "broker-plugin/authenticator.h"

#include <algorithm>

#include "broker-plugin/ending_reason.h"
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
  // A device that was registered or revoked just now is known at once. When the database cannot be read, the last good
  // view decides.
  (void)directory_.refresh_one({claims->principal.id, claims->principal.user_id, claims->jti, claims->root_jti});
  const std::string_view reason =
      objection_to_token(directory_, {claims->principal, claims->issued_at, claims->jti, claims->root_jti});
  if (!reason.empty()) return tl::unexpected(Refusal{reason, claims->principal});
  return std::move(*claims);
}

/// Returns what verify_token() returns. Does not call it for a token that it has accepted before, provided nothing has
/// changed.
Result<Claims, TokenError> Authenticator::verify(std::string_view token) {
  const WallTime now = clock_.wall_now();
  if (token.size() > token_bytes_max) return verify_token(keys_.keys(), token, now);
  if (const Claims* known = verified_.find(token, now); known != nullptr && known->expires_at > now) {
    const auto& keys = keys_.keys().keys();
    // The name is compared too, since the token may name its key.
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
  if (is_of_another(attempt.client_id, principal)) return client_id_is_a_principal;
  // Also for the principal's own id: a device may have been registered under the id of a user who left a session
  // behind.
  const Principal* holder = connections_.holder_of(attempt.client_id);
  if (holder == nullptr) return "";
  if (*holder != principal) {
    // A session that another left there before the id was this principal's is never resumed, but a clean start ends it.
    const bool ends_it =
        attempt.client_id == principal.id && attempt.is_clean && connections_.handle_of(attempt.client_id) == nullptr;
    return ends_it ? "" : "client_id_in_use";
  }
  const StoredSession* session = connections_.stored(attempt.client_id);
  const bool resumes_dead = session != nullptr && !attempt.is_clean && !objection(*session).empty();
  return resumes_dead ? "session_of_revoked_token" : "";
}

bool Authenticator::is_of_another(std::string_view client_id, const Principal& principal) const {
  if (client_id == principal.id) return false;
  // The database last: it knows the users who have no devices and are away.
  return is_reserved_id(client_id) || directory_.find(client_id) != nullptr || directory_.has_devices(client_id) ||
         connections_.principal_with(client_id) != nullptr || directory_.is_taken(client_id);
}

}  // namespace strawberry::plugin
