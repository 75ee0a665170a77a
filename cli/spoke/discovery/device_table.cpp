#include "cli/spoke/discovery/device_table.h"

#include <algorithm>
#include <set>

#include "cli/spoke/discovery/skill_names.h"
#include "cli/text.h"
#include "common/contract/device_name.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t name_bytes_max = 120;
constexpr std::size_t identity_bytes_max = 200;

void note(std::vector<std::string>& list, const std::string& key) {
  if (std::find(list.begin(), list.end(), key) == list.end()) list.push_back(key);
}

/// Returns the member as printable text of limited length.
std::string shown_text(const json& object, const char* name, std::size_t bytes_max = name_bytes_max) {
  const auto there = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || there == object.end() || there->is_structured() || there->is_null()) return {};
  std::string text = printable(to_python_text(Value(*there)), bytes_max - 4);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// Returns a name that calls can use: the contract refuses `hub` and names that normalise to nothing.
std::string callable_name(std::string name, const std::string& identity) {
  if (name.empty()) name = "Device";
  const std::string normal = normalize_device_name(name);
  if (!normal.empty() && normal != "hub") return name;
  const std::string tail = normalize_device_name(identity);
  return name + " " + (tail.size() > 8 ? tail.substr(tail.size() - 8) : tail);
}

void collect(const json& value, const std::string& kind, std::set<std::string>& into) {
  if (value.is_structured() || value.is_null()) return;
  const std::string text = printable(to_python_text(Value(value)), identity_bytes_max);
  if (!text.empty()) into.insert(kind + text);
}

bool without_device_name(std::string& name, const std::string& device) {
  if (name.size() <= device.size() || device.empty() || name.compare(0, device.size(), device) != 0) return false;
  const char next = name[device.size()];
  if (next != ' ' && next != '_' && next != '-') return false;
  name.erase(0, device.size() + 1);
  return true;
}

}  // namespace

std::optional<bool> HomeDevice::online() const {
  std::optional<bool> is_online;
  for (const Entity* entity : entities) {
    if (entity->availability.is_known()) is_online = is_online.value_or(false) || entity->availability.is_available();
  }
  return is_online;
}

const Entity* HomeDevice::entity_of_class(const std::string& class_name) const {
  const auto there = std::find_if(entities.begin(), entities.end(),
                                  [&](const Entity* each) { return each->class_name == class_name; });
  return there == entities.end() ? nullptr : *there;
}

std::vector<std::string> identities_of(const json& device) {
  std::set<std::string> all;
  if (!device.is_object()) return {};
  if (const auto ids = device.find("identifiers"); ids != device.end()) {
    if (!ids->is_array()) collect(*ids, "id:", all);
    if (ids->is_array())
      for (const json& id : *ids) collect(id, "id:", all);
  }
  if (const auto connections = device.find("connections"); connections != device.end() && connections->is_array()) {
    for (const json& pair : *connections) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) continue;
      std::string value = pair[1].get<std::string>();
      std::transform(value.begin(), value.end(), value.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
      collect(value, printable(pair[0].get<std::string>(), 20) + ":", all);
    }
  }
  std::vector<std::string> sorted(all.begin(), all.end());
  if (sorted.size() > identities_max) sorted.resize(identities_max);
  return sorted;
}

HomeDevice* DeviceTable::device_for(const std::vector<std::string>& identities, Changes& changes) {
  HomeDevice* device = nullptr;
  for (const std::string& identity : identities) {
    const auto known = by_identity_.find(identity);
    if (known == by_identity_.end()) continue;
    if (device == nullptr) {
      device = &devices_.at(known->second);
    } else if (device->info.key != known->second) {
      merge(*device, std::string(known->second), changes);
    }
  }
  if (device == nullptr) {
    if (devices_.size() >= devices_max_) return nullptr;
    device = &devices_[identities.front()];
    device->info.key = identities.front();
    note(changes.added, device->info.key);
    note(changes.presence, device->info.key);
  }
  for (const std::string& identity : identities) {
    if (device->info.identities.size() >= identities_max) break;
    if (!by_identity_.emplace(identity, device->info.key).second) continue;
    auto& all = device->info.identities;
    all.insert(std::lower_bound(all.begin(), all.end(), identity), identity);
  }
  return device;
}

void DeviceTable::merge(HomeDevice& into, const std::string& key, Changes& changes) {
  HomeDevice other = std::move(devices_.at(key));
  devices_.erase(key);
  for (const std::string& identity : other.info.identities) {
    by_identity_[identity] = into.info.key;
    into.info.identities.push_back(identity);
  }
  std::sort(into.info.identities.begin(), into.info.identities.end());
  for (Entity* entity : other.entities) {
    entity->device = into.info.key;
    into.entities.push_back(entity);
  }
  std::sort(into.entities.begin(), into.entities.end(), [](const Entity* a, const Entity* b) { return a->id < b->id; });
  note(changes.gone, key);
  note(changes.changed, into.info.key);
}

void DeviceTable::describe(HomeDevice& device, const Entity& entity, const json& description) const {
  DiscoveredDevice& info = device.info;
  std::string name = shown_text(description, "name");
  if (name.empty() && info.name.empty()) {
    name = shown_text(description, "model");
    if (name.empty()) name = entity.name.empty() ? printable(entity.object_id, name_bytes_max) : entity.name;
  }
  if (!name.empty()) info.name = callable_name(std::move(name), info.key);
  for (const auto& [key, member] :
       {std::pair{"suggested_area", &info.area}, std::pair{"manufacturer", &info.manufacturer},
        std::pair{"model", &info.model}, std::pair{"sw_version", &info.software},
        std::pair{"via_device", &info.via_device}}) {
    if (std::string text = shown_text(description, key); !text.empty()) *member = std::move(text);
  }
}

Result<void> DeviceTable::add(Entity* entity, const json& description, Changes& changes) {
  auto identities = identities_of(description);
  const bool has_device = !identities.empty();
  if (!has_device) identities.push_back("entity:" + entity->id);
  HomeDevice* device = device_for(identities, changes);
  if (device == nullptr) return fail("there are more than " + std::to_string(devices_max_) + " devices");
  entity->device = device->info.key;
  describe(*device, *entity, description);
  if (!has_device) entity->name.clear();
  without_device_name(entity->name, device->info.name);
  if (entity->name == device->info.name) entity->name.clear();
  const auto place = std::lower_bound(device->entities.begin(), device->entities.end(), entity,
                                      [](const Entity* a, const Entity* b) { return a->id < b->id; });
  device->entities.insert(place, entity);
  if (device->entities.size() > entities_per_device_max_) {
    remove(entity, changes);
    return fail("its device has more than " + std::to_string(entities_per_device_max_) + " entities");
  }
  name_classes(device->entities);
  note(changes.changed, device->info.key);
  check_presence(device->info.key, changes);
  return {};
}

void DeviceTable::remove(Entity* entity, Changes& changes) {
  const auto there = devices_.find(entity->device);
  if (there == devices_.end()) return;
  HomeDevice& device = there->second;
  device.entities.erase(std::remove(device.entities.begin(), device.entities.end(), entity), device.entities.end());
  if (!device.entities.empty()) {
    name_classes(device.entities);
    note(changes.changed, device.info.key);
    return check_presence(device.info.key, changes);
  }
  for (const std::string& identity : device.info.identities) by_identity_.erase(identity);
  note(changes.gone, there->first);
  devices_.erase(there);
}

void DeviceTable::check_presence(const std::string& key, Changes& changes) {
  const auto there = devices_.find(key);
  if (there == devices_.end()) return;
  const auto is_online = there->second.online();
  if (is_online == there->second.was_online) return;
  there->second.was_online = is_online;
  note(changes.presence, key);
}

const HomeDevice* DeviceTable::find(const std::string& key) const {
  const auto there = devices_.find(key);
  return there == devices_.end() ? nullptr : &there->second;
}

std::vector<std::string> DeviceTable::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, device] : devices_) keys.push_back(key);
  return keys;
}

}  // namespace strawberry::cli::discovery
