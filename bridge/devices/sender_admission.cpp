#include "bridge/devices/sender_admission.h"

#include "common/identity/token_admission.h"

namespace strawberry {

/// A revoked device may still be speaking until the plugin has ended its connection, and what it sent before may wait.
std::optional<Error> SenderAdmission::admit(const Principal& principal) {
  const auto* device = devices_.find(principal.id);
  const bool is_person = principal.type == PrincipalType::user || principal.type == PrincipalType::admin;
  if (is_person && device == nullptr && devices_.note_user(principal.id)) {
    asio::co_spawn(context_, take_id(principal.id), asio::detached);
  }
  const auto standing =
      device == nullptr ? std::nullopt : std::optional(DeviceStanding{device->row.is_active, device->row.user_id});
  if (objection_to_principal(principal, standing).empty()) return std::nullopt;
  return Error{ErrorCode::forbidden, "this device is unknown or has been revoked", {}};
}

Task<void> SenderAdmission::take_id(std::string id) {
  auto stored = co_await store_.take_id(id, to_unix_ms(clock_.wall_now()));
  if (!stored) devices_.user_not_stored(id);
}

}  // namespace strawberry
