/// Takes `devices/{id}/status` messages into the registry and, when a device was last seen, into the store; publishes
/// PresenceChanged.
///
/// Threading: loop only.   Lifetime: outlives what it has spawned.   Errors: a message that cannot be read is logged; a
/// time that cannot be stored is lost (the next one is stored again).
#pragma once

#include <string_view>

#include "bridge/devices/device_registry.h"
#include "common/contract/mqtt_message.h"
#include "common/runtime/asio.h"
#include "common/runtime/events.h"

namespace strawberry {

class PresenceTracker {
 public:
  PresenceTracker(asio::io_context& loop, const Clock& clock, DeviceRegistry& devices, DeviceStore& store,
                  Events& events)
      : context_(loop), clock_(clock), devices_(devices), store_(store), events_(events) {}

  void status_arrived(std::string_view device_id, const MqttMessage& message);

 private:
  asio::io_context& context_;
  const Clock& clock_;
  DeviceRegistry& devices_;
  DeviceStore& store_;
  Events& events_;
};

}  // namespace strawberry
