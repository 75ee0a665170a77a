/// What the bridge learns of principals as they come: which devices are there (`devices/{id}/status`), which ids are
/// those of users and admins, so that no device may have them; and whether a principal may ask for anything now.
///
/// Threading: loop only.   Lifetime: outlives what it has spawned.   Errors: a status that cannot be read is logged; a
/// time that cannot be stored is stored with the next status, an id when its principal asks again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/devices/device_registry.h"
#include "common/contract/mqtt_message.h"
#include "common/contract/principal.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class PrincipalWatch {
 public:
  PrincipalWatch(asio::io_context& loop, const Clock& clock, DeviceRegistry& devices, DeviceStore& store,
                 Events& events)
      : context_(loop), clock_(clock), devices_(devices), store_(store), events_(events) {}

  /// Publishes PresenceChanged.
  void status_arrived(std::string_view device_id, const MqttMessage& message);
  /// Returns nothing, or why the principal may not ask.
  std::optional<Error> admit(const Principal& principal);

 private:
  Task<void> take_id(std::string id);

  asio::io_context& context_;
  const Clock& clock_;
  DeviceRegistry& devices_;
  DeviceStore& store_;
  Events& events_;
};

}  // namespace strawberry::bridge
