/// One entity of a device: the contents of its discovery message, and the last values of its topics.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/spoke/discovery/availability.h"
#include "cli/spoke/discovery/settings.h"
#include "common/text/clock.h"

namespace strawberry::cli::discovery {

class Component;

struct Entity {
  std::string id;      // `light/node object`
  std::string source;  // the topic of its discovery message
  const Component* component = nullptr;
  Settings settings{};
  std::string unique_id{};
  std::string object_id{};
  std::string name{};        // empty: the main entity, which has the device's name
  std::string device{};      // its key
  std::string class_name{};  // of its skills, unique within its device
  Availability availability{};
  std::vector<std::string> problems{};  // parts of its message that cannot be used

  nlohmann::json state = nullptr;                      // in Home Assistant's words; null: unknown
  nlohmann::json values = nlohmann::json::object();    // brightness, position, …
  std::shared_ptr<const nlohmann::json> attributes{};  // of its `json_attributes_topic`
  std::optional<SteadyTime> heard{};                   // when its state arrived
  std::vector<const Template*> given_up{};             // templates that took too long: not run again
  bool has_complained = false;                         // a problem with a message was reported
  std::uint64_t config_hash = 0;

  /// Returns its name for people: its own and its device's.
  std::string shown_name(const std::string& device_name) const {
    return name.empty() ? device_name : name + " of " + device_name;
  }
};

}  // namespace strawberry::cli::discovery
