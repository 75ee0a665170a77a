#include "cli/spoke/discovery/discovery_message.h"

#include <algorithm>
#include <array>

#include "cli/spoke/discovery/abbreviations.h"
#include "cli/text.h"
#include "common/contract/bounded_json.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::string_view own_origin = "Strawberry Hub";  // bridge/home_assistant/announcement.cpp

/// Keys that the device form has once for all of its components.
constexpr std::array<std::string_view, 12> shared_keys = {"availability",
                                                          "availability_mode",
                                                          "availability_template",
                                                          "availability_topic",
                                                          "payload_available",
                                                          "payload_not_available",
                                                          "command_topic",
                                                          "state_topic",
                                                          "encoding",
                                                          "qos",
                                                          "origin",
                                                          "json_attributes_topic"};

bool is_id(std::string_view text) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_good);
}

std::string entity_id(const std::string& component, const std::string& node_id, const std::string& object_id) {
  return component + "/" + (node_id.empty() ? object_id : node_id + " " + object_id);
}

bool is_own_message(const json& config) {
  const auto origin = config.find("origin");
  return origin != config.end() && text_member(*origin, "name") == own_origin;
}

Result<DiscoveryMessage> read_device_form(const DiscoveryTopic& topic, json config) {
  DiscoveryMessage made;
  made.is_whole_device = true;
  made.device = config.value("device", json());
  const auto components = config.find("components");
  if (components == config.end() || !components->is_object()) return fail("it has no components");
  for (auto& [key, component] : components->items()) {
    const std::string platform = text_member(component, "platform");
    if (platform.empty()) return fail("a component has no platform: " + in_quotes(key, 60));
    if (!is_id(platform)) return fail("a platform that is none: " + in_quotes(platform, 60));
    EntityConfig entity{platform, entity_id(platform, topic.object_id, key), key, json::object()};
    if (component.size() > 1) {
      entity.settings = component;
      for (const std::string_view shared : shared_keys) {
        const auto there = config.find(shared);
        if (there != config.end() && !component.contains(shared)) entity.settings[std::string(shared)] = *there;
      }
    }
    made.entities.push_back(std::move(entity));
  }
  return made;
}

}  // namespace

std::optional<DiscoveryTopic> read_discovery_topic(std::string_view prefix, std::string_view topic) {
  if (topic.substr(0, prefix.size()) != prefix || topic.substr(prefix.size(), 1) != "/") return std::nullopt;
  std::vector<std::string> levels;
  for (std::size_t at = prefix.size() + 1; at <= topic.size() && levels.size() < 5;) {
    const std::size_t end = std::min(topic.find('/', at), topic.size());
    levels.emplace_back(topic.substr(at, end - at));
    at = end + 1;
  }
  if ((levels.size() != 3 && levels.size() != 4) || levels.back() != "config") return std::nullopt;
  if (!std::all_of(levels.begin(), levels.end(), is_id)) return std::nullopt;
  if (levels.size() == 3) return DiscoveryTopic{levels[0], "", levels[1]};
  return DiscoveryTopic{levels[0], levels[1], levels[2]};
}

Result<DiscoveryMessage> read_discovery_message(const DiscoveryTopic& topic, std::string_view payload) {
  if (nests_too_deep(payload)) return fail("its JSON nests too deep");
  json config = json_from(payload);
  if (config.is_discarded()) return fail("it is not JSON");
  if (!config.is_object()) return fail("it is no JSON object");
  expand_keys(config);
  expand_base(config);
  DiscoveryMessage made;
  made.is_own = is_own_message(config);
  made.is_migration = is_true(config, "migrate_discovery");
  if (made.is_own || made.is_migration) return made;
  if (topic.component == "device") return read_device_form(topic, std::move(config));
  made.device = config.value("device", json());
  made.entities.push_back({topic.component, entity_id(topic.component, topic.node_id, topic.object_id), topic.object_id,
                           std::move(config)});
  return made;
}

}  // namespace strawberry::cli::discovery
