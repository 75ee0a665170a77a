/// Decides which messages about a user's devices change the list of their skills.
///
/// Pure, with remembered state.   Bounds: devices_max devices; beyond it every message counts as a change.
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

  /// True for the two topics that are relevant.
  static bool is_about(std::string_view topic);
  /// Returns whether the message changes the list. A retained message only sets the known state.
  bool note(const MqttMessage& message);

 private:
  std::unordered_map<std::string, bool> online_;  // by topic
};

}  // namespace strawberry::gateway
