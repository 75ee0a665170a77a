/// What the clients of `/ws/device` and `/api/v1/ws` send, and the hub's calls as a Spoke reads them.
///
/// Pure functions of untrusted text.   Bounds: message_levels_max; the size is the WebSocket's.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

namespace strawberry::gateway {

inline constexpr std::size_t message_levels_max = 64;
inline constexpr const char* pong_message = R"({"type":"pong"})";
inline constexpr const char* presence_topic = "presence";
inline constexpr const char* hub_topic = "hub";

struct DeviceMessage {
  enum class Kind { unknown, ping, result };
  Kind kind = Kind::unknown;
  std::string request_id;  // of a result
  /// What the hub is told: correlation_id, success, and result or error.
  nlohmann::json result;
};
DeviceMessage read_device_message(std::string_view message);

struct EventsMessage {
  enum class Kind { wrong, ping, subscribe };
  Kind kind = Kind::wrong;
  std::string problem;
  std::set<std::string> topics;  // each presence_topic or hub_topic
};
EventsMessage read_events_message(std::string_view message);

/// What a device or the hub said on an MQTT topic, as `/api/v1/ws` tells of it. What is no JSON is text, and
/// perhaps no UTF-8.
nlohmann::json event_of(const std::string& topic, const std::string& payload);

/// The hub's call as the Spoke's `skill_request`; null when it is not understood.
nlohmann::json skill_request_of(std::string_view call);

}  // namespace strawberry::gateway
