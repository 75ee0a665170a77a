/// Devices, the list of the tokens they and their users were given, and the ids that no device may have.
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

/// Where a device is, what else it is called and what it can do, as its user has said.
struct DeviceAbout {
  std::string room;                       // as written; empty: none
  std::vector<std::string> aliases;       // as written
  std::vector<std::string> capabilities;  // common/contract/capability.h
  std::string metadata = "{}";            // JSON text of an object of the user's own

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

/// What changes about a device; the rest stays as it is in the database, whatever was read before.
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

  /// A new device. Gives from when on its tokens are valid: as `device` says, or later, so that those of an earlier
  /// device of that id stay dead. `forbidden` when its id is a user's or admin's, `bad_request` when its user's id is a
  /// device's. With the token that is given for it, as add_token(), but date_from() that moment; likewise in the two
  /// that follow.
  virtual Task<Reply<std::int64_t>> add_device(DeviceRow device, std::optional<NewToken> token = {}) = 0;
  /// `not_found` when it is not there (any more): a device that was deleted meanwhile stays deleted.
  virtual Task<Reply<void>> change_device(std::string user_id, std::string device_id, DeviceChange change,
                                          std::optional<NewToken> token = {}) = 0;
  /// As add_device(), and marks the one-time token as spent; fails with `forbidden` when it was already.
  virtual Task<Reply<std::int64_t>> enroll_device(DeviceRow device, std::string enroll_id, std::int64_t now_ms,
                                                  std::optional<NewToken> token = {}) = 0;
  /// Puts a token on the list before anybody has it. `forbidden` when the one that asks for it, or its line, was taken
  /// back meanwhile; `busy` in the second in which all of the user's tokens were: this one would be dead, too. Needs no
  /// room on the disk: or else a full one would lock devices out.
  virtual Task<Reply<void>> add_token(NewToken token) = 0;
  /// Marks the one-time token of `one_time_id` as spent, and puts `given`, which it buys, on the list as add_token().
  /// `forbidden` when it was spent before.
  virtual Task<Reply<void>> spend_token(std::string one_time_id, std::int64_t now_ms, NewToken given) = 0;
  /// The first two tokens of a program's line, as add_token(): both or none.
  virtual Task<Reply<void>> add_program(NewToken renewal, NewToken access) = 0;
  /// The next two. `renewal` takes the place on the list of the token that asks, and both get that one's name. False
  /// when that is there no more: it was used before, so that two have copies of it, and now its whole line is revoked.
  virtual Task<Reply<bool>> renew_program(NewToken renewal, NewToken access) = 0;
  /// Revokes a line, whose last token expires at `expires_at_ms` at the latest. Once more does no harm.
  virtual Task<Reply<void>> revoke_line(std::string user_id, std::string root_jti, std::int64_t now_ms,
                                        std::int64_t expires_at_ms) = 0;
  /// The device with its skills. Tokens of that id that were issued before `tokens_valid_from_ms` stay dead, whoever
  /// registers it again.
  virtual Task<Reply<void>> delete_device(std::string user_id, std::string device_id,
                                          std::int64_t tokens_valid_from_ms) = 0;
  /// The id of a user or an admin: from now on no device may have it. `forbidden` when one has it.
  virtual Task<Reply<void>> take_id(std::string id, std::int64_t now_ms) = 0;
  virtual Task<Reply<void>> set_last_seen(std::string user_id, std::string device_id, std::int64_t last_seen_ms) = 0;
};

}  // namespace strawberry::bridge
