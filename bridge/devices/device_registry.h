/// All devices of the hub in memory: owner, names, presence.
///
/// The database is authoritative; the registry is changed after it. Threading: loop only.
/// Bounds: Options::devices_max.   Pointers stay valid until the device is removed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bridge/ports/device_store.h"

namespace strawberry::bridge {

struct Device {
  DeviceRow row;
  bool online = false;
  std::string normalized_room;                  // as normalize_device_name(); empty: none
  std::vector<std::string> normalized_aliases;  // likewise
};

class DeviceRegistry {
 public:
  static constexpr std::size_t users_noted_max = 100'000;

  const Device* find(std::string_view device_id) const;
  /// Finds a device of the user by id, else by name (normalised or as written), else by alias.
  const Device* find_for(const std::string& user_id, const std::string& id_or_name) const;
  /// Returns the user's devices, sorted by normalised name; all devices when `user_id` is empty.
  std::vector<const Device*> list(const std::string& user_id) const;
  /// True for a user that owns a device, or was noted.
  bool is_user(const std::string& id) const { return names_by_user_.contains(id) || users_.contains(id); }
  /// Notes a user or an admin, with devices or without. Returns true when the id must still be stored: from now on it
  /// counts as stored, until user_not_stored() is called. Returns false beyond users_noted_max.
  bool note_user(const std::string& user_id);
  void user_not_stored(const std::string& user_id);
  std::size_t size() const { return devices_.size(); }
  std::size_t online_count() const { return online_count_; }
  /// Returns the number of online devices of one user.
  std::size_t online_count(const std::string& user_id) const;
  bool has_devices(const std::string& user_id) const;
  /// Returns all owners of devices, in no order.
  std::vector<std::string> owners() const;
  /// Changes when a device is added, removed or renamed: until then pointers to devices and the order of their names
  /// stay valid.
  std::uint64_t revision() const { return revision_; }

  /// Returns the user's device with this normalised name or alias, or null.
  const Device* named(const std::string& user_id, const std::string& normalized) const;
  /// Returns the normalised names of the user's rooms, each once, in order.
  std::vector<std::string> rooms(const std::string& user_id) const;
  /// Returns the first of `name`, `name 2`, `name 3`, … whose normalised form no name or alias of the user has,
  /// shortened to device_name_bytes_max. The device `except` is ignored.
  std::string free_name(const std::string& user_id, const std::string& name, const std::string& except) const;

  void put(DeviceRow row);
  void remove(const std::string& device_id);
  /// Returns false when nothing changed or the device is unknown.
  bool set_online(std::string_view device_id, bool online);
  void set_last_seen(const std::string& device_id, std::int64_t last_seen_ms);
  void set_skills_heartbeat(const std::string& device_id, std::int64_t heartbeat_at_ms);

 private:
  Device* find_mutable(std::string_view device_id);
  void count_online(const std::string& user_id, bool more);
  void forget_aliases(const Device& device);

  std::map<std::string, Device, std::less<>> devices_;
  std::unordered_map<std::string, std::map<std::string, std::string>> names_by_user_;    // normalised name → id
  std::unordered_map<std::string, std::map<std::string, std::string>> aliases_by_user_;  // likewise
  std::unordered_map<std::string, bool> users_;                                          // value: whether it is stored
  std::size_t online_count_ = 0;
  std::unordered_map<std::string, std::size_t> online_by_user_;  // users with any
  std::uint64_t revision_ = 0;
};

}  // namespace strawberry::bridge
