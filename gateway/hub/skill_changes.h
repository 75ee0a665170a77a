/// Which of what is said about a user's devices changes the list of their skills.
///
/// Pure, with what it remembers.   Bounds: devices_max devices; of more, every message counts as a change.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "common/contract/mqtt_message.h"

namespace strawberry::gateway {

inline constexpr const char* all_statuses = "devices/+/status";
inline constexpr const char* all_skill_changes = "devices/+/skills";

class SkillChanges {
 public:
  static constexpr std::size_t devices_max = 10'000;

  /// One of the two topics.
  static bool is_about(std::string_view topic);
  /// Whether the list is another now. What is retained only tells how it is.
  bool note(const MqttMessage& message);

 private:
  std::unordered_map<std::string, bool> online_;  // by topic
};

}  // namespace strawberry::gateway
