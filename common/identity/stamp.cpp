#include "common/identity/stamp.h"

#include <charconv>

namespace strawberry {

std::optional<Principal> stamped_principal(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == principal_property) return decode_principal(value);
  }
  return std::nullopt;
}

std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id) {
  auto principal = stamped_principal(message);
  return principal && principal->id == topic_id ? principal : std::nullopt;
}

std::optional<WallTime> stamped_time(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name != published_at_property) continue;
    std::int64_t ms = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (failure != std::errc() || end != value.data() + value.size()) return std::nullopt;
    return from_unix_ms(ms);
  }
  return std::nullopt;
}

std::optional<AskingToken> stamped_token(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == token_property) return decode_token_stamp(value);
  }
  return std::nullopt;
}

Rights stamped_rights(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == rights_property) return decode_rights(value).value_or(Rights{Scopes(), {}});
  }
  return {};
}

}  // namespace strawberry
