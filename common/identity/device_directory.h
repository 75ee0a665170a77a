/// Which devices exist, whose they are and which tokens still count: the read-only view of hub.db for the broker plugin
/// and the command line.
///
/// Life: opened once; refresh() re-reads when another process has changed what is in this view (PRAGMA data_version,
/// then the directory's own revision number) or has put another file in the database's place, so calling it often is
/// cheap. find() and its like are in memory and never touch the disk. Threading: one thread.
/// Errors: a database that cannot be read keeps the last good view, and refresh() says so.
/// Bounds: Options::devices_max rows of each kind are kept; more is an error, the old view stays.
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
  WallTime tokens_valid_from;  // tokens issued before this are dead
};

class DeviceDirectory {
 public:
  struct Options {
    std::size_t devices_max = 100'000;
  };
  /// Whom and which token to look up; an empty one is none.
  struct Lookup {
    std::string_view principal_id;
    std::string_view user_id = {};
    std::string_view jti = {};
    std::string_view root_jti = {};
  };

  /// Opens `path` read-only. Fails when there is no database, or its schema is newer than this program knows. An
  /// older one will do: it is the bridge that brings it up to date.
  static Result<std::unique_ptr<DeviceDirectory>> open(const std::string& path, Options options);
  virtual ~DeviceDirectory() = default;

  /// True when something changed. On failure the last good view stays.
  virtual Result<bool> refresh() = 0;
  /// Brings up to date what is known of one principal, its user and one token, and no more: for whoever connects now,
  /// at a cost that does not grow with the number of devices: about 1 us when nothing has changed.
  virtual Result<void> refresh_one(const Lookup& lookup) = 0;
  /// Null when unknown. Valid until the next refresh().
  virtual const DeviceRecord* find(std::string_view device_id) const = 0;
  /// Who had a device that is gone, until their Home Assistant has been told; empty when there is nothing to tell.
  virtual std::string_view former_owner_of(std::string_view device_id) const = 0;
  /// True when some device belongs to `user_id`.
  virtual bool has_devices(std::string_view user_id) const = 0;
  /// True for a one-time token that has been used, by its principal id.
  virtual bool is_spent(std::string_view enroll_id) const = 0;
  /// True for a token that was taken back, by its `jti`.
  virtual bool is_revoked(std::string_view jti) const = 0;
  /// Tokens of this user and of their devices that were issued before it are dead; the epoch when none are.
  virtual WallTime tokens_valid_from(std::string_view user_id) const = 0;
  /// Of a user without an account: a member. Valid until the next refresh().
  virtual const UserStanding& standing_of(std::string_view user_id) const = 0;
  virtual std::size_t size() const = 0;
  /// Every device, by id.
  virtual std::vector<const DeviceRecord*> all() const = 0;
};

}  // namespace strawberry
