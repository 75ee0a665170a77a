#include "bridge/home_assistant/announcement.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bridge/hub/hub_topics.h"
#include "common/contract/signature.h"
#include "common/contract/topics.h"
#include "common/text/clock.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* maker = "Strawberry";

// A device may publish `online` and `offline` as they are.
constexpr const char* state_template = "{{ value_json.state if value_json is mapping else value }}";

/// What an id means to Home Assistant, which has devices of others, too.
std::string identifier(std::string_view id) { return "strawberry-" + std::string(id); }

/// The kind comes first, since it has no hyphen: no two things have one name.
std::string unique_id(std::string_view kind, std::string_view id) {
  return "strawberry-" + std::string(kind) + "-" + std::string(id);
}

json available_with(const std::string& topic) { return {{"topic", topic}, {"value_template", state_template}}; }

json connectivity(std::string_view kind, const std::string& id, const std::string& topic) {
  return {{"p", "binary_sensor"},
          {"unique_id", unique_id(kind, id)},
          {"name", kind == "hub" ? "State" : "Connection"},
          {"device_class", "connectivity"},
          {"entity_category", "diagnostic"},
          {"state_topic", topic},
          {"value_template", state_template},
          {"payload_on", "online"},
          {"payload_off", "offline"},
          {"availability", json::array()}};  // it tells itself, whoever else is there
}

json sensor(std::string_view kind, const std::string& id, const std::string& name) {
  return {{"p", "sensor"},
          {"unique_id", unique_id(kind, id)},
          {"name", name},
          {"value_template", "{{ value_json." + std::string(kind) + " }}"}};
}

json with(json component, const json& more) {
  component.update(more);
  return component;
}

/// The parts that are alike.
json frame(const std::string& id, const std::string& name, const std::string& model) {
  return {
      {"dev",
       {{"ids", json::array({identifier(id)})}, {"name", printable(name)}, {"manufacturer", maker}, {"model", model}}},
      {"o", {{"name", "Strawberry Hub"}}},
      {"state_topic", announced_state_topic(id)},
      {"availability", json::array({available_with(hub_state_topic)})},
      {"availability_mode", "all"},
      {"cmps", json::object()},
  };
}

// --- buttons ---

bool needs_nothing(const SkillText& skill) {
  const auto signature = parse_signature(skill.signature());
  const bool may_need_more = !skill.input_schema().empty();  // than the signature says
  return signature && !may_need_more &&
         std::none_of(signature->parameters.begin(), signature->parameters.end(),
                      [](const Parameter& parameter) { return parameter.is_required(); });
}

/// `turn_on` → `Turn on`
std::string readable(std::string_view function_name) {
  std::string text(function_name);
  std::replace(text.begin(), text.end(), '_', ' ');
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return std::string(function_name);
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string button_key(const SkillText& skill) {
  return std::string(skill.class_name()) + "-" + std::string(skill.function_name());
}

/// Without a correlation_id, so that each press runs once; at QoS 0, so that it is never sent again.
json button(const DeviceRow& device, const SkillText& skill, std::string name) {
  const json call = {{"op", "call"},
                     {"skill_path", std::string(skill.class_name()) + "." + std::string(skill.function_name())},
                     {"target", device.device_id}};
  json component = {
      {"p", "button"},
      {"unique_id", unique_id("skill", device.device_id + "-" + button_key(skill))},
      {"name", std::move(name)},
      {"command_topic", request_topic(Service::skills, device.user_id)},
      {"payload_press", call.dump()},
      {"availability", json::array({available_with(hub_state_topic), available_with(status_topic(device.device_id))})}};
  // Home Assistant's user enables it on purpose.
  if (skill.confirm()) component["enabled_by_default"] = false;
  return component;
}

void add_buttons(Announcement& announcement, const DeviceRow& device, const std::vector<SkillText>& skills) {
  std::map<std::string_view, int> homonyms;
  for (const auto& skill : skills) ++homonyms[skill.function_name()];
  std::size_t bytes = 0;
  for (const auto& skill : skills) {
    if (announcement.buttons.size() == buttons_max) return;
    if (!needs_nothing(skill)) continue;
    auto name = readable(skill.function_name());
    if (homonyms[skill.function_name()] > 1) name += " (" + std::string(skill.class_name()) + ")";
    auto component = button(device, skill, std::move(name));
    auto key = button_key(skill);
    bytes += key.size() + component.dump().size();
    if (bytes > buttons_bytes_max) return;
    announcement.config["cmps"][key] = std::move(component);
    announcement.buttons.push_back(std::move(key));
  }
}

}  // namespace

Announcement announce_device(const DeviceRow& device, const std::vector<SkillText>& skills) {
  const auto& id = device.device_id;
  Announcement announcement{device.user_id, frame(id, device.name, "Spoke"), {}};
  announcement.config["dev"]["via_device"] = identifier(device.user_id);
  if (!device.about.room.empty()) announcement.config["dev"]["suggested_area"] = printable(device.about.room);
  announcement.config["cmps"] = {
      {"online", connectivity("online", id, status_topic(id))},
      {"last_seen",
       with(sensor("last_seen", id, "Last seen"), {{"device_class", "timestamp"}, {"entity_category", "diagnostic"}})},
      {"skills", with(sensor("skills", id, "Skills"), {{"entity_category", "diagnostic"}})},
  };
  add_buttons(announcement, device, skills);
  return announcement;
}

std::string device_state(const std::optional<std::int64_t>& last_seen_ms, std::size_t skills) {
  const json last_seen = last_seen_ms ? json(format_rfc3339(from_unix_ms(*last_seen_ms))) : json(nullptr);
  return json{{"last_seen", last_seen}, {"skills", skills}}.dump();
}

Announcement announce_hub(const std::string& user_id, const std::string& version) {
  Announcement announcement{user_id, frame(user_id, "Strawberry Hub", "Hub"), {}};
  announcement.config["dev"]["sw_version"] = version;
  // Both begin at nothing at midnight UTC.
  const json counted = {{"state_class", "total_increasing"}};
  announcement.config["cmps"] = {
      {"state", connectivity("hub", user_id, hub_state_topic)},
      {"devices_online", with(sensor("devices_online", user_id, "Devices online"), {{"state_class", "measurement"}})},
      {"chats_today", with(sensor("chats_today", user_id, "Chats today"), counted)},
      {"tokens_today", with(sensor("tokens_today", user_id, "Tokens today"), counted)},
  };
  return announcement;
}

std::string hub_numbers(const HubNumbers& numbers) {
  return json{{"devices_online", numbers.devices_online},
              {"chats_today", numbers.chats_today},
              {"tokens_today", numbers.tokens_today}}
      .dump();
}

void take_away_button(json& config, const std::string& button) { config["cmps"][button] = {{"p", "button"}}; }

}  // namespace strawberry::bridge
