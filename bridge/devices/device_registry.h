/// Every device the hub knows, in memory: whose it is, what it is called, whether it is there.
///
/// The database is the truth; the registry is changed after it. Threading: loop only.
/// Bounds: Options::devices_max.   Pointers stay good until the device is removed.
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
  /// By id, else by name (normalised or as written), else by alias, among the user's own.
  const Device* find_for(const std::string& user_id, const std::string& id_or_name) const;
  /// The user's, by normalised name; all of them when `user_id` is empty.
  std::vector<const Device*> list(const std::string& user_id) const;
  /// Owns a device, or has been noted.
  bool is_user(const std::string& id) const { return names_by_user_.contains(id) || users_.contains(id); }
  /// A user or an admin who has been heard of, with devices or without. True when the store has yet to be told: from
  /// now on it counts as told, until user_not_stored() says otherwise. Of more than users_noted_max it is false.
  bool note_user(const std::string& user_id);
  void user_not_stored(const std::string& user_id);
  std::size_t size() const { return devices_.size(); }
  std::size_t online_count() const { return online_count_; }
  /// Of one user's devices.
  std::size_t online_count(const std::string& user_id) const;
  bool has_devices(const std::string& user_id) const;
  /// Everybody who owns a device, in no order.
  std::vector<std::string> owners() const;
  /// Moves when a device comes, goes, or changes its name: until then pointers to devices and the order of their names
  /// stay as they are.
  std::uint64_t revision() const { return revision_; }

  /// The user's device that has this name or alias, normalised; nothing when none has.
  const Device* named(const std::string& user_id, const std::string& normalized) const;
  /// Where the user's devices are: normalised names of rooms, each once, in order.
  std::vector<std::string> rooms(const std::string& user_id) const;
  /// `name`, or `name 2`, `name 3`, … : the first whose normalised form the user has free, aliases counted; shortened
  /// to stay within device_name_bytes_max. `except` does not count.
  std::string free_name(const std::string& user_id, const std::string& name, const std::string& except) const;

  void put(DeviceRow row);
  void remove(const std::string& device_id);
  /// False when nothing changed or the device is unknown.
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
  std::unordered_map<std::string, bool> users_;                                          // whether the store knows
  std::size_t online_count_ = 0;
  std::unordered_map<std::string, std::size_t> online_by_user_;  // who has any
  std::uint64_t revision_ = 0;
};

}  // namespace strawberry::bridge
