/// All data of one user, read in parts and written into another hub's database: devices, skills, sessions with their
/// messages, usage, limits, and the metadata of tokens (never a token).
///
/// Turns, threading, errors: as Storage (ports/storage.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/ports/conversation_store.h"
#include "bridge/ports/device_store.h"
#include "bridge/ports/limit_store.h"
#include "bridge/ports/skill_store.h"
#include "bridge/ports/token_row.h"
#include "bridge/ports/usage_store.h"
#include "bridge/ports/user_store.h"
#include "common/contract/error.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct LimitRecord {
  LimitKind kind = LimitKind::devices;
  std::int64_t value = 0;
  bool operator==(const LimitRecord&) const = default;
};
struct SkillRecord {
  std::string device_id;
  std::int64_t position = 0;       // in the device's list
  std::int64_t registered_ms = 0;  // the device's last registration or heartbeat
  SkillRow skill;
};
/// A message, or a piece of one that is too long for one record: its text from byte `offset` on.
struct MessageRecord {
  std::string session_id;
  std::int64_t offset = 0;
  MessageRow message;
};
struct ChatsRecord {
  std::int64_t day = 0;  // days since the Unix epoch, UTC
  std::int64_t chats = 0;
};
struct RevokedRecord {
  std::string jti;
  std::int64_t revoked_at_ms = 0;
  std::int64_t expires_at_ms = 0;
};
/// All older tokens of the user are revoked.
struct ValidFromRecord {
  std::int64_t tokens_valid_from_ms = 0;
};
/// A one-time token that was used.
struct SpentRecord {
  std::string one_time_id;
  std::int64_t spent_at_ms = 0;
};

/// In the order of export: records that others refer to come first.
using UserRecord = std::variant<LimitRecord, DeviceRow, SkillRecord, SessionRow, MessageRecord, UsageRow, ChatsRecord,
                                ValidFromRecord, RevokedRecord, SpentRecord, TokenRow>;

/// Where reading continues: after the row with these keys in this section. Created and read by the store only.
struct ExportPlace {
  std::size_t section = 0;
  std::string text;
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t offset = 0;  // bytes of a long message already read
  bool operator==(const ExportPlace&) const = default;
};
struct ExportPart {
  std::vector<UserRecord> records;
  std::optional<ExportPlace> next;  // nothing: that was the last part
};

/// An account that an import makes or changes, before its records are read.
struct AccountImport {
  UserRow user;
  bool is_new = false;  // else its name and standing become these

  UserChange change() const {
    UserChange change;
    change.name = user.name;
    change.role = user.standing.role;
    change.guest_of = user.standing.guest_of;
    change.is_disabled = user.standing.is_disabled;
    return change;
  }
};

struct ImportRequest {
  std::string user_id;
  std::optional<AccountImport> account;
  std::vector<UserRecord> records;
  /// Titles of sessions and properties of devices are overwritten; otherwise existing data stays.
  bool overwrite = false;
  /// When a user began it: `forbidden` if all of the user's tokens were revoked since, as they are when it is deleted,
  /// which else would have data again. Nothing for records that
  /// an admin brings.
  std::optional<std::int64_t> begun_at_ms = {};
  /// Also imports limits, revocations and the list of tokens, which only an admin may.
  bool is_by_admin = false;
};
struct ImportCount {
  std::int64_t added = 0;
  std::int64_t already_there = 0;
  std::int64_t left_out = 0;      // records that only an admin may import
  std::set<std::string> devices;  // ids of devices with new data
  bool has_new_limits = false;
};

class ExportStore {
 public:
  virtual ~ExportStore() = default;

  /// Returns records from `place` on with about `bytes_max` bytes of text; at least one when there is one.
  virtual Task<Reply<ExportPart>> read_part(std::string user_id, ExportPlace place, std::size_t bytes_max) = 0;
  /// All or nothing, the account as well: as UserStore::add_user() and change_user(). `forbidden` when a device or
  /// session belongs to another user; `quota_exceeded` as everywhere.
  virtual Task<Reply<ImportCount>> import(ImportRequest request) = 0;
  /// Returns those of the devices that exist, with their skills.
  virtual Task<Reply<std::vector<std::pair<DeviceRow, std::vector<SkillRow>>>>> read_user_devices(
      std::string user_id, std::set<std::string> device_ids) = 0;
};

}  // namespace strawberry::bridge
