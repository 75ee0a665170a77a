#include "common/identity/stamp.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace strawberry {

namespace {

constexpr char time_separator = ' ';  // no id has one

}  // namespace

void append_stamp(std::string& text, const Principal& principal, WallTime now) {
  append_principal(text, principal);
  std::array<char, 24> digits;
  const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), to_unix_ms(now));
  text += time_separator;
  text.append(digits.data(), end);
}

std::optional<Principal> stamped_principal(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name == principal_property)
      return decode_principal(std::string_view(value).substr(0, value.find(time_separator)));
  }
  return std::nullopt;
}

std::optional<Principal> stamped_principal(const MqttMessage& message, std::string_view topic_id) {
  auto principal = stamped_principal(message);
  return principal && principal->id == topic_id ? principal : std::nullopt;
}

std::optional<WallTime> stamped_time(const MqttMessage& message) {
  for (const auto& [name, value] : message.user_properties) {
    if (name != principal_property) continue;
    const std::size_t separator = value.find(time_separator);
    if (separator == std::string::npos) return std::nullopt;
    std::int64_t ms = 0;
    const char* last = value.data() + value.size();
    const auto [end, failure] = std::from_chars(value.data() + separator + 1, last, ms);
    if (failure != std::errc() || end != last) return std::nullopt;
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
