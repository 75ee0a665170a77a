/// The devices that entities belong to. Entities whose `device` has an identifier or a connection in common belong to
/// one device, whichever messages describe them.
///
/// Threading: one thread.   Lifetime: entities are removed before they are destroyed.   Errors: Failure at a limit.
/// Bounds: devices_max, entities_per_device_max; identities_max of a device.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/spoke/discovery/discovered_home.h"
#include "cli/spoke/discovery/entity.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t identities_max = 32;

struct HomeDevice {
  DiscoveredDevice info;
  std::vector<Entity*> entities;  // sorted by id
  std::optional<bool> was_online;

  std::optional<bool> online() const;
  const Entity* entity_of_class(const std::string& class_name) const;
};

/// Returns `id:…`, `mac:…` of a message's `device`, sorted; empty when it has none.
std::vector<std::string> identities_of(const nlohmann::json& device);

class DeviceTable {
 public:
  DeviceTable(std::size_t devices_max, std::size_t entities_per_device_max)
      : devices_max_(devices_max), entities_per_device_max_(entities_per_device_max) {}

  /// Adds the entity to its device, which is made or merged if necessary. `description` is the message's `device`.
  Result<void> add(Entity* entity, const nlohmann::json& description, Changes& changes);
  void remove(Entity* entity, Changes& changes);
  /// Notes in `changes` when online() has changed.
  void check_presence(const std::string& key, Changes& changes);

  const HomeDevice* find(const std::string& key) const;
  std::vector<std::string> keys() const;

 private:
  HomeDevice* device_for(const std::vector<std::string>& identities, Changes& changes);
  void merge(HomeDevice& into, const std::string& key, Changes& changes);
  void describe(HomeDevice& device, const Entity& entity, const nlohmann::json& description) const;

  const std::size_t devices_max_;
  const std::size_t entities_per_device_max_;
  std::map<std::string, HomeDevice> devices_;
  std::map<std::string, std::string> by_identity_;  // keys of devices
};

}  // namespace strawberry::cli::discovery
