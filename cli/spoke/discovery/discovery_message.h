/// Reads a discovery message: its topic, and its JSON as configurations of entities with long keys.
///
/// Pure functions.   Errors: Failure, for the whole message.   Bounds: the caller limits the payload's size.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"

namespace strawberry::cli::discovery {

struct DiscoveryTopic {
  std::string component;  // `device` for the form that has all components of a device
  std::string node_id;    // may be empty
  std::string object_id;
};

/// Returns nullopt for a topic that is not of discovery, or whose ids have other characters than `[A-Za-z0-9_-]`.
std::optional<DiscoveryTopic> read_discovery_topic(std::string_view prefix, std::string_view topic);

struct EntityConfig {
  std::string component;  // `light`
  std::string id;         // `light/node object`: the same in both forms
  std::string object_id;
  nlohmann::json settings;  // an object; empty when the entity is removed
};

struct DiscoveryMessage {
  std::vector<EntityConfig> entities;  // of the device form: all current ones, and the removed ones
  nlohmann::json device;               // an object, or null
  bool is_whole_device = false;        // entities of this topic that are not listed are removed
  bool is_migration = false;           // `migrate_discovery`: another topic takes over its entities
  bool is_own = false;                 // published by this hub for Home Assistant
};

/// `payload` must not be empty.
Result<DiscoveryMessage> read_discovery_message(const DiscoveryTopic& topic, std::string_view payload);

}  // namespace strawberry::cli::discovery
