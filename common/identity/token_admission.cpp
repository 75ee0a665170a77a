#include "common/identity/token_admission.h"

namespace strawberry {

std::string_view objection_to_principal(const Principal& principal, const std::optional<DeviceStanding>& device) {
  if (principal.type != PrincipalType::device) {
    // Devices and other principals share one namespace: a principal with a device's id could publish and subscribe as
    // the device.
    return device ? "id_is_a_device" : "";
  }
  if (!device) return "unknown_device";
  if (!device->is_active) return "device_inactive";
  if (device->user_id != principal.user_id) return "not_the_owner";
  return "";
}

std::string_view objection_to_token(const DeviceDirectory& directory, const TokenOrigin& token) {
  const Principal& principal = token.principal;
  // Revoking the first token of a line revokes the whole line.
  if (directory.is_revoked(token.jti) || directory.is_revoked(token.root_jti)) return "token_revoked";
  if (token.issued_at < directory.tokens_valid_from(principal.user_id)) return "token_revoked";
  if (directory.standing_of(principal.user_id).is_disabled) return "user_disabled";
  const DeviceRecord* device = directory.find(principal.id);
  const auto standing =
      device == nullptr ? std::nullopt : std::optional(DeviceStanding{device->is_active, device->user_id});
  const std::string_view reason = objection_to_principal(principal, standing);
  if (!reason.empty() || principal.type != PrincipalType::device) return reason;
  return token.issued_at < device->tokens_valid_from ? "token_revoked" : "";
}

std::string_view objection_to_login(const DeviceDirectory& directory, const Claims& claims) {
  const std::string_view reason =
      objection_to_token(directory, {claims.principal, claims.issued_at, claims.jti, claims.root_jti});
  if (!reason.empty()) return reason;
  const bool is_spent = is_one_time(claims.principal.type) && directory.is_spent(claims.principal.id);
  return is_spent ? "token_spent" : "";
}

}  // namespace strawberry
