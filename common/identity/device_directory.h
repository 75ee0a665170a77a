/// The devices, their owners and the revoked tokens: the read-only view of hub.db for the broker plugin and the command
/// line.
///
/// Lifetime: opened once; refresh() re-reads when another process has changed the data in this view (PRAGMA
/// data_version, then the directory's own revision number) or has replaced the database file, so frequent calls are
/// cheap. find() and the other queries but is_taken() read memory only, never the disk. Threading: one thread.
/// Errors: when the database cannot be read, the last good view stays, and refresh() returns the error.
/// Bounds: Options::devices_max rows of each kind; more is an error, and the old view stays.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/contract/role.h"
#include "common/text/clock.h"
#include "common/text/result.h"

namespace strawberry {

struct DeviceRecord {
  std::string device_id;
  std::string user_id;
  std::string name;
  bool is_active = false;
  WallTime tokens_valid_from;  // tokens issued before this are revoked
};

class DeviceDirectory {
 public:
  struct Options {
    std::size_t devices_max = 100'000;
  };
  /// The ids that refresh_one() looks up; empty ones are skipped.
  struct Lookup {
    std::string_view principal_id;
    std::string_view user_id = {};
    std::string_view jti = {};
    std::string_view root_jti = {};
  };

  /// Opens `path` read-only. Fails when there is no database, or its schema is newer than this program. An older schema
  /// is accepted: the bridge upgrades it.
  static Result<std::unique_ptr<DeviceDirectory>> open(const std::string& path, Options options);
  virtual ~DeviceDirectory() = default;

  /// Returns true when something changed. On failure the last good view stays.
  virtual Result<bool> refresh() = 0;
  /// Refreshes only one principal, its user and one token. Called when a client connects; the cost does not grow with
  /// the number of devices: about 1 us when nothing has changed.
  virtual Result<void> refresh_one(const Lookup& lookup) = 0;
  /// Returns null when the device is unknown. Valid until the next refresh().
  virtual const DeviceRecord* find(std::string_view device_id) const = 0;
  /// Returns the user who owned a removed device, until its removal was announced to Home Assistant; empty otherwise.
  virtual std::string_view former_owner_of(std::string_view device_id) const = 0;
  /// True when at least one device belongs to `user_id`.
  virtual bool has_devices(std::string_view user_id) const = 0;
  /// True for a one-time token that has been used. `enroll_id`: its principal id.
  virtual bool is_spent(std::string_view enroll_id) const = 0;
  /// True for a revoked token, by its `jti`.
  virtual bool is_revoked(std::string_view jti) const = 0;
  /// Tokens of this user and of their devices that were issued earlier are revoked; the epoch when none are.
  virtual WallTime tokens_valid_from(std::string_view user_id) const = 0;
  /// Returns the defaults (a member) for a user without an account. Valid until the next refresh().
  virtual const UserStanding& standing_of(std::string_view user_id) const = 0;
  /// True for the id of a user or an admin that the hub knows, also one without devices. Reads one row, since those ids
  /// are too many for memory; false when the database cannot be read.
  virtual bool is_taken(std::string_view id) = 0;
  virtual std::size_t size() const = 0;
  /// Returns every device, sorted by id.
  virtual std::vector<const DeviceRecord*> all() const = 0;
};

}  // namespace strawberry
