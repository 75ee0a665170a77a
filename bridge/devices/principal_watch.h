/// Tracks principals: the presence of devices (`devices/{id}/status`), and the ids of users and admins, which no device
/// may have. Checks whether a principal may send requests now.
///
/// Threading: loop only.   Lifetime: outlives the coroutines it spawns.   Errors: a status that cannot be read is
/// logged. A time that cannot be stored is stored with the next status, an id with the principal's next request.
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
  /// Returns nothing, or why the principal's requests are refused.
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
