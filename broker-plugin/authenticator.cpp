#include "broker-plugin/authenticator.h"

#include "common/ids.h"

namespace strawberry {

Result<Claims, Refusal> Authenticator::authenticate(const ConnectAttempt& attempt) {
  auto claims = verify_token(keys_, attempt.password, clock_.wall_now());
  if (!claims) return tl::unexpected(Refusal{to_string(claims.error()), std::nullopt});

  const Principal& principal = claims->principal;
  const auto refuse = [&principal](std::string_view reason) { return tl::unexpected(Refusal{reason, principal}); };
  if (!attempt.user_name.empty() && attempt.user_name != principal.id) return refuse("user_name_differs");

  // Costs a look at a counter when nothing changed. A device registered or revoked this instant is just that; without
  // the database the last good view decides.
  (void)directory_.refresh();
  std::string_view reason = objection_to_connect(*claims);
  if (!reason.empty()) return refuse(reason);

  reason = objection_to_client_id(attempt.client_id, principal);
  if (!reason.empty()) return refuse(reason);
  if (connections_.is_full()) return refuse("too_many_connections");
  return std::move(*claims);
}

std::string_view Authenticator::objection(const Principal& principal, WallTime issued_at) const {
  const DeviceRecord* device = directory_.find(principal.id);
  if (principal.type != PrincipalType::device) {
    // Ids are one namespace: whoever had a device's id would speak and listen in its place.
    return device == nullptr ? "" : "id_is_a_device";
  }
  if (device == nullptr) return "unknown_device";
  if (!device->is_active) return "device_inactive";
  if (device->user_id != principal.user_id) return "not_the_owner";
  if (issued_at < device->tokens_valid_from) return "token_revoked";
  return "";
}

std::string_view Authenticator::objection_to_connect(const Claims& claims) const {
  const std::string_view reason = objection(claims.principal, claims.issued_at);
  if (!reason.empty()) return reason;
  const bool spent = claims.principal.type == PrincipalType::enroll && directory_.is_spent(claims.principal.id);
  return spent ? "token_spent" : "";
}

std::string_view Authenticator::objection_to_client_id(std::string_view client_id, const Principal& principal) const {
  if (!is_valid_id(client_id)) return "bad_client_id";
  if (client_id != principal.id && is_id_of_another(client_id)) return "client_id_is_a_principal";
  // Also for one's own id: a device may have been registered under the id of a user who left a session behind.
  const Principal* holder = connections_.holder_of(client_id);
  return holder == nullptr || *holder == principal ? "" : "client_id_in_use";
}

bool Authenticator::is_id_of_another(std::string_view client_id) const {
  return directory_.find(client_id) != nullptr || directory_.has_devices(client_id) ||
         connections_.principal_with(client_id) != nullptr;
}

}  // namespace strawberry
