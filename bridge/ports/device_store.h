/// Devices, the list of tokens of devices and their users, and the ids that no device may have.
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/token_row.h"
#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

/// A device's room, other names and capabilities, as its user has set them.
struct DeviceAbout {
  std::string room;                       // as written; empty: none
  std::vector<std::string> aliases;       // as written
  std::vector<std::string> capabilities;  // common/contract/capability.h
  std::string metadata = "{}";            // JSON text of an object, the user's own

  bool operator==(const DeviceAbout&) const = default;
};

struct DeviceRow {
  std::string device_id;
  std::string user_id;
  std::string name;
  std::string normalized_name;
  bool is_active = true;
  std::int64_t tokens_valid_from_ms = 0;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> last_seen_ms;
  std::optional<std::int64_t> skills_heartbeat_at_ms;
  DeviceAbout about = {};

  bool operator==(const DeviceRow&) const = default;
};

/// The changes of a device; the rest stays as it is in the database, whatever was read before.
struct DeviceChange {
  std::optional<std::string> name;
  std::optional<std::string> normalized_name;
  std::optional<bool> is_active;
  std::optional<std::int64_t> tokens_valid_from_ms;  // never moves back
  std::optional<std::string> room;
  std::optional<std::vector<std::string>> aliases;
  std::optional<std::vector<std::string>> capabilities;
  std::optional<std::string> metadata;
};

class DeviceStore {
 public:
  virtual ~DeviceStore() = default;

  /// Adds a device. Returns from when on its tokens are valid: the time in `device`, or a later one, so that those of
  /// an earlier device with that id stay revoked. `forbidden` when its id is a user's or admin's, `bad_request` when
  /// its user's id is a device's. Adds its token, as add_token(), but dated from that time with date_from(); so do the
  /// next two.
  virtual Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token = {}) = 0;
  /// `not_found` when there is no such device (any more): a device that was deleted meanwhile stays deleted.
  virtual Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                          std::optional<NewToken> token = {}) = 0;
  /// As add_device(), and marks the one-time token as spent; `forbidden` when it was spent before.
  virtual Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                                  std::optional<NewToken> token = {}) = 0;
  /// Puts a token on the list before its holder gets it. `forbidden` when the requesting token, or its line, was
  /// revoked meanwhile; `busy` in the second in which all of the user's tokens were revoked: this one would be revoked,
  /// too. Works on a full disk: otherwise that would lock devices out.
  virtual Task<Reply<void>> add_token(NewToken token) = 0;
  /// Marks the one-time token of `one_time_id` as spent, and puts `given`, which it is exchanged for, on the list as
  /// add_token(). `forbidden` when it was spent before.
  virtual Task<Reply<void>> spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) = 0;
  /// Adds the first two tokens of a program's line, as add_token(): both or none.
  virtual Task<Reply<void>> add_program(NewToken renewal, NewToken access) = 0;
  /// Adds the next two. `renewal` replaces the requesting token on the list, and both get that one's name. Returns
  /// false when the requesting token is not listed any more: it was used before, so it was copied, and now its whole
  /// line is revoked.
  virtual Task<Reply<bool>> renew_program(NewToken renewal, NewToken access) = 0;
  /// Revokes a line, whose last token expires at `expires_at_ms` at the latest. May be repeated.
  virtual Task<Reply<void>> revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                        std::int64_t expires_at_ms) = 0;
  /// Deletes the device with its skills. Tokens of that id that were issued before `tokens_valid_from_ms` stay revoked,
  /// even if the id is registered again.
  virtual Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                          std::int64_t tokens_valid_from_ms) = 0;
  /// Reserves the id of a user or an admin: from now on no device may have it. `forbidden` when one has it.
  virtual Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) = 0;
  virtual Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) = 0;
};

}  // namespace strawberry::bridge
