/// One MQTT message, sent or received. MQTT 3.1.1 has no properties.
///
/// Plain data.   Bounds: the code that sends it limits its size; the broker limits received messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/text/clock.h"

namespace strawberry {

/// Sent and received with QoS 1. With `not_after`, the client may choose QoS 0.
struct MqttMessage {
  std::string topic;
  std::string payload;
  bool retained = false;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;  // bytes
  std::optional<std::uint32_t> expiry_s;        // Message Expiry Interval
  std::vector<std::pair<std::string, std::string>> user_properties;
  /// For a message to send: the time after which it must not be delivered. The client drops it then, and chooses
  /// Message Expiry Interval and QoS itself.
  std::optional<SteadyTime> not_after = std::nullopt;
};

}  // namespace strawberry
