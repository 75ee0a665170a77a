/// One entity of a device: what its discovery message says, and what its topics have said since.
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
  std::string name{};        // empty: the device's main entity, which has its name
  std::string device{};      // its key
  std::string class_name{};  // of its skills, the only one of its device
  Availability availability{};
  std::vector<std::string> problems{};  // what of its message cannot be used

  nlohmann::json state = nullptr;                      // in Home Assistant's words; null: not known
  nlohmann::json values = nlohmann::json::object();    // brightness, position, …
  std::shared_ptr<const nlohmann::json> attributes{};  // of its `json_attributes_topic`
  std::optional<SteadyTime> heard{};                   // when its state came
  std::vector<const Template*> given_up{};             // templates that took too long: not tried again
  bool has_complained = false;                         // about a message that could not be used
  std::uint64_t config_hash = 0;

  /// What people call it: its own name and its device's.
  std::string shown_name(const std::string& device_name) const {
    return name.empty() ? device_name : name + " of " + device_name;
  }
};

}  // namespace strawberry::cli::discovery
