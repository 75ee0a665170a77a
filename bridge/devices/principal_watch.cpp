#include "bridge/devices/principal_watch.h"

#include <string>

#include "bridge/devices/device_events.h"
#include "bridge/devices/presence.h"
#include "common/identity/token_admission.h"
#include "common/runtime/request_log.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

void PrincipalWatch::status_arrived(std::string_view device_id, const MqttMessage& message) {
  const auto report = read_presence(message.payload);
  if (!report) {
    hub_log().info("status of {}: neither online nor offline, ignored: {}", printable(device_id),
                   printable(message.payload, 64));
    return;
  }
  const auto* device = devices_.find(device_id);
  if (device == nullptr) return;
  const bool is_change = devices_.set_online(device_id, report->online);
  const std::string id(device_id);
  // A retained status tells what happened while the bridge was away.
  const auto last_seen =
      last_seen_after(*report, {message.retained, is_change, clock_.wall_now()}, device->row.last_seen_ms);
  if (last_seen) {
    devices_.set_last_seen(id, *last_seen);
    asio::co_spawn(context_, store_.set_last_seen(device->row.user_id, id, *last_seen), asio::detached);
  }
  if (!is_change && !last_seen) return;
  events_.publish(PresenceChanged{id, report->online, is_change, message.retained && !last_seen});
}

/// A revoked device may still be speaking until the plugin has ended its connection, and what it sent before may wait.
std::optional<Error> PrincipalWatch::admit(const Principal& principal) {
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

Task<void> PrincipalWatch::take_id(std::string id) {
  auto stored = co_await store_.take_id(id, to_unix_ms(clock_.wall_now()));
  if (!stored) devices_.user_not_stored(id);
}

}  // namespace strawberry::bridge
