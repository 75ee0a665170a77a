/// One MQTT message, as it is sent and as it arrives. MQTT 3.1.1 has no properties.
///
/// Plain data.   Bounds: the sender's limits, or the broker's for what arrives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/text/clock.h"

namespace strawberry {

/// QoS 1 in both directions, unless it is not to be kept.
struct MqttMessage {
  std::string topic;
  std::string payload;
  bool retained = false;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;  // bytes
  std::optional<std::uint32_t> expiry_s;        // Message Expiry Interval
  std::vector<std::pair<std::string, std::string>> user_properties;
  /// Of a message to be sent: it must not reach anybody later. It is not sent then, and sets expiry and QoS by itself.
  std::optional<SteadyTime> not_after = std::nullopt;
};

}  // namespace strawberry
