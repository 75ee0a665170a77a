#include "tests/bridge/home_assistant/discovery_rules.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace strawberry::test {
namespace {

using nlohmann::json;
using Keys = std::set<std::string>;

const Keys at_the_root = {"dev",
                          "o",
                          "cmps",
                          "availability",
                          "availability_mode",
                          "availability_topic",
                          "availability_template",
                          "payload_available",
                          "payload_not_available",
                          "command_topic",
                          "state_topic",
                          "qos",
                          "encoding"};
const Keys in_device = {"ids",           "connections", "manufacturer",   "model",
                        "model_id",      "name",        "hw_version",     "sw_version",
                        "serial_number", "via_device",  "suggested_area", "configuration_url"};
const Keys in_origin = {"name", "sw_version", "support_url"};
const Keys of_every_component = {"p",
                                 "unique_id",
                                 "name",
                                 "availability",
                                 "availability_mode",
                                 "device_class",
                                 "entity_category",
                                 "enabled_by_default",
                                 "default_entity_id",
                                 "icon",
                                 "qos"};
const std::map<std::string, Keys> of_platform = {
    {"binary_sensor", {"state_topic", "value_template", "payload_on", "payload_off", "expire_after"}},
    {"sensor", {"state_topic", "value_template", "state_class", "unit_of_measurement", "expire_after"}},
    {"button", {"command_topic", "payload_press", "command_template", "retain"}}};
const Keys in_availability = {"topic", "value_template", "payload_available", "payload_not_available"};

class Inspector {
 public:
  std::vector<std::string> inspect(const json& config) {
    for (const char* key : {"dev", "o", "cmps"}) require(config, key, "the root");
    if (!complaints_.empty()) return complaints_;
    only(config, at_the_root, "the root");
    device(config.at("dev"));
    only(config.at("o"), in_origin, "o");
    require(config.at("o"), "name", "o");
    availability(config, "the root");
    std::set<std::string> unique_ids;
    for (const auto& [key, part] : config.at("cmps").items()) component(config, key, part, unique_ids);
    return complaints_;
  }

 private:
  void say(const std::string& what) { complaints_.push_back(what); }
  void only(const json& object, const Keys& known, const std::string& where) {
    for (const auto& [key, value] : object.items()) {
      if (!known.contains(key)) say("unknown " + key + " in " + where);
    }
  }
  void require(const json& object, const char* key, const std::string& where) {
    if (!object.contains(key)) say(std::string("no ") + key + " in " + where);
  }
  void id(const std::string& text, const std::string& where) {
    static const std::regex allowed("[a-zA-Z0-9_-]+");
    if (!std::regex_match(text, allowed)) say("not an id: " + text + " in " + where);
  }
  void topic(const json& text, const std::string& where) {
    if (!text.is_string() || text.get<std::string>().empty() ||
        text.get<std::string>().find_first_of("+#") != std::string::npos) {
      say("no topic: " + text.dump() + " in " + where);
    }
  }

  void device(const json& device) {
    only(device, in_device, "dev");
    require(device, "ids", "dev");
    for (const auto& each : device.at("ids")) id(each.get<std::string>(), "dev");
    for (const auto& [key, value] : device.items()) {
      if (key != "ids" && key != "connections" && !value.is_string()) say(key + " in dev is no text");
    }
  }

  void availability(const json& object, const std::string& where) {
    if (object.contains("availability") && object.contains("availability_topic")) say("both availabilities: " + where);
    if (object.contains("availability_mode") &&
        !Keys{"all", "any", "latest"}.contains(object.at("availability_mode").get<std::string>())) {
      say("no availability_mode: " + where);
    }
    if (!object.contains("availability")) return;
    for (const auto& entry : object.at("availability")) {
      only(entry, in_availability, "availability of " + where);
      topic(entry.value("topic", json()), where);
    }
  }

  void component(const json& config, const std::string& key, const json& part, std::set<std::string>& unique_ids) {
    id(key, "cmps");
    const auto platform = of_platform.find(part.value("p", ""));
    if (platform == of_platform.end()) return say("no platform: " + key);
    if (part.size() == 1) return;  // removed
    Keys known = of_every_component;
    known.insert(platform->second.begin(), platform->second.end());
    only(part, known, key);
    require(part, "unique_id", key);
    const auto unique_id = part.value("unique_id", "");
    id(unique_id, key);
    if (!unique_ids.insert(unique_id).second) say("twice: " + unique_id);
    availability(part, key);
    const char* needed = platform->first == "button" ? "command_topic" : "state_topic";
    topic(part.value(needed, config.value(needed, json())), key);
    if (platform->first == "button" && !part.value("payload_press", json()).is_string()) say("payload_press: " + key);
  }

  std::vector<std::string> complaints_;
};

}  // namespace

std::vector<std::string> complaints_about(const json& config) { return Inspector().inspect(config); }

}  // namespace strawberry::test
