#include "bridge/devices/presence_tracker.h"

#include <string>

#include "bridge/devices/device_events.h"
#include "bridge/devices/presence.h"
#include "common/runtime/request_log.h"
#include "common/text/printable.h"

namespace strawberry {

void PresenceTracker::status_arrived(std::string_view device_id, const MqttMessage& message) {
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

}  // namespace strawberry
