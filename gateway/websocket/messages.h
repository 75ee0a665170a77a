/// Messages of the clients of `/ws/device` and `/api/v1/ws`, and the hub's calls in a Spoke's form.
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
  /// The result for the hub: correlation_id, success, and result or error.
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

/// Makes the event of `/api/v1/ws` from a message of a device or the hub. A payload that is not JSON becomes text,
/// which may be invalid UTF-8.
nlohmann::json event_of(const std::string& topic, const std::string& payload);

/// Converts the hub's call to the Spoke's `skill_request`; null when it is not valid.
nlohmann::json skill_request_of(std::string_view call);

}  // namespace strawberry::gateway
