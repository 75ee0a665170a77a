#include "bridge/devices/device_registry.h"

#include <set>
#include <utility>

#include "common/contract/device_name.h"

namespace strawberry::bridge {

namespace {

/// At most `bytes_max` bytes, no character cut in half.
std::string cut_utf8(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

const Device* DeviceRegistry::find(std::string_view device_id) const {
  const auto device = devices_.find(device_id);
  return device == devices_.end() ? nullptr : &device->second;
}

Device* DeviceRegistry::find_mutable(std::string_view device_id) {
  const auto device = devices_.find(device_id);
  return device == devices_.end() ? nullptr : &device->second;
}

const Device* DeviceRegistry::find_for(const std::string& user_id, const std::string& id_or_name) const {
  if (const auto* device = find(id_or_name); device != nullptr && device->row.user_id == user_id) return device;
  return named(user_id, normalize_device_name(id_or_name));
}

const Device* DeviceRegistry::named(const std::string& user_id, const std::string& normalized) const {
  for (const auto* by_user : {&names_by_user_, &aliases_by_user_}) {
    const auto names = by_user->find(user_id);
    if (names == by_user->end()) continue;
    if (const auto found = names->second.find(normalized); found != names->second.end()) return find(found->second);
  }
  return nullptr;
}

std::vector<std::string> DeviceRegistry::rooms(const std::string& user_id) const {
  std::set<std::string> rooms;
  for (const Device* device : list(user_id))
    if (!device->normalized_room.empty()) rooms.insert(device->normalized_room);
  return {rooms.begin(), rooms.end()};
}

std::vector<const Device*> DeviceRegistry::list(const std::string& user_id) const {
  std::vector<const Device*> all;
  if (user_id.empty()) {
    for (const auto& [id, device] : devices_) all.push_back(&device);
  } else if (const auto names = names_by_user_.find(user_id); names != names_by_user_.end()) {
    for (const auto& [name, id] : names->second) all.push_back(find(id));
  }
  return all;
}

std::string DeviceRegistry::free_name(const std::string& user_id, const std::string& name,
                                      const std::string& except) const {
  std::string candidate = name;
  for (std::size_t number = 2;; ++number) {
    const Device* taken = named(user_id, normalize_device_name(candidate));
    if (taken == nullptr || taken->row.device_id == except) return candidate;
    const auto suffix = " " + std::to_string(number);
    candidate = cut_utf8(name, device_name_bytes_max - suffix.size()) + suffix;
  }
}

bool DeviceRegistry::note_user(const std::string& user_id) {
  const auto known = users_.find(user_id);
  if (known != users_.end()) return !std::exchange(known->second, true);
  if (users_.size() >= users_noted_max) return false;
  users_.emplace(user_id, true);
  return true;
}

void DeviceRegistry::user_not_stored(const std::string& user_id) {
  if (const auto known = users_.find(user_id); known != users_.end()) known->second = false;
}

std::size_t DeviceRegistry::online_count(const std::string& user_id) const {
  const auto count = online_by_user_.find(user_id);
  return count == online_by_user_.end() ? 0 : count->second;
}

bool DeviceRegistry::has_devices(const std::string& user_id) const {
  const auto names = names_by_user_.find(user_id);
  return names != names_by_user_.end() && !names->second.empty();
}

std::vector<std::string> DeviceRegistry::owners() const {
  std::vector<std::string> users;
  users.reserve(names_by_user_.size());
  for (const auto& [user_id, names] : names_by_user_) {
    if (!names.empty()) users.push_back(user_id);
  }
  return users;
}

void DeviceRegistry::count_online(const std::string& user_id, bool more) {
  more ? ++online_count_ : --online_count_;
  auto& of_user = online_by_user_[user_id];
  more ? ++of_user : --of_user;
  if (of_user == 0) online_by_user_.erase(user_id);
}

void DeviceRegistry::put(DeviceRow row) {
  bool online = false;
  const auto* old = find(row.device_id);
  if (old == nullptr || old->row.normalized_name != row.normalized_name || old->row.user_id != row.user_id) ++revision_;
  if (old != nullptr) {
    online = old->online;
    if (online) count_online(old->row.user_id, /*more=*/false);
    if (online) count_online(row.user_id, /*more=*/true);
    names_by_user_[old->row.user_id].erase(old->row.normalized_name);
    forget_aliases(*old);
  }
  names_by_user_[row.user_id][row.normalized_name] = row.device_id;
  Device device{std::move(row), online, {}, {}};
  device.normalized_room = normalize_device_name(device.row.about.room);
  for (const auto& alias : device.row.about.aliases) {
    auto normalized = normalize_device_name(alias);
    if (normalized.empty()) continue;
    // Of two devices with one alias, which a service does not allow, the first keeps it.
    aliases_by_user_[device.row.user_id].emplace(normalized, device.row.device_id);
    device.normalized_aliases.push_back(std::move(normalized));
  }
  auto id = device.row.device_id;
  devices_.insert_or_assign(std::move(id), std::move(device));
}

void DeviceRegistry::forget_aliases(const Device& device) {
  const auto aliases = aliases_by_user_.find(device.row.user_id);
  if (aliases == aliases_by_user_.end()) return;
  for (const auto& alias : device.normalized_aliases) {
    const auto known = aliases->second.find(alias);
    if (known != aliases->second.end() && known->second == device.row.device_id) aliases->second.erase(known);
  }
  if (aliases->second.empty()) aliases_by_user_.erase(aliases);
}

void DeviceRegistry::remove(const std::string& device_id) {
  const auto device = devices_.find(device_id);
  if (device == devices_.end()) return;
  if (device->second.online) count_online(device->second.row.user_id, /*more=*/false);
  forget_aliases(device->second);
  const auto names = names_by_user_.find(device->second.row.user_id);
  names->second.erase(device->second.row.normalized_name);
  if (names->second.empty()) names_by_user_.erase(names);
  devices_.erase(device);
  ++revision_;
}

bool DeviceRegistry::set_online(std::string_view device_id, bool online) {
  auto* device = find_mutable(device_id);
  if (device == nullptr || device->online == online) return false;
  device->online = online;
  count_online(device->row.user_id, online);
  return true;
}

void DeviceRegistry::set_last_seen(const std::string& device_id, std::int64_t last_seen_ms) {
  if (auto* device = find_mutable(device_id)) device->row.last_seen_ms = last_seen_ms;
}

void DeviceRegistry::set_skills_heartbeat(const std::string& device_id, std::int64_t heartbeat_at_ms) {
  if (auto* device = find_mutable(device_id)) device->row.skills_heartbeat_at_ms = heartbeat_at_ms;
}

}  // namespace strawberry::bridge
