/// What Home Assistant is told of a device and of the hub (MQTT device discovery): configuration and numbers as JSON.
///
/// Pure; texts of devices are untrusted.   Bounds: buttons_max buttons, config_bytes_max bytes of them; the first ones
/// a device registered are in, the others are not announced.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/device_store.h"
#include "bridge/skills/skill_text.h"

namespace strawberry::bridge {

inline constexpr std::size_t buttons_max = 50;
/// Of one device's buttons.
inline constexpr std::size_t buttons_bytes_max = 32 * 1024;

struct Announcement {
  std::string user_id;
  nlohmann::json config;
  std::vector<std::string> buttons;  // their keys among the components of `config`
};

struct HubNumbers {
  std::size_t devices_online = 0;
  std::int64_t chats_today = 0;   // UTC
  std::int64_t tokens_today = 0;  // UTC
};

/// Connectivity, last seen, number of skills, and a button for each skill without required parameters.
Announcement announce_device(const DeviceRow& device, const std::vector<SkillText>& skills);
std::string device_state(const std::optional<std::int64_t>& last_seen_ms, std::size_t skills);

/// The hub as one of its users sees it.
Announcement announce_hub(const std::string& user_id, const std::string& version);
std::string hub_numbers(const HubNumbers& numbers);

/// How a component is taken away: named with its platform and nothing else.
void take_away_button(nlohmann::json& config, const std::string& button);

}  // namespace strawberry::bridge
