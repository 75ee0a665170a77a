/// Everything of one user, read part by part and put into another hub's database: devices, skills, sessions with their
/// messages, usage, limits, and what is known of tokens (never a token).
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
  std::int64_t position = 0;       // as the device listed it
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
/// All tokens of the user that are older are dead.
struct ValidFromRecord {
  std::int64_t tokens_valid_from_ms = 0;
};
/// A one-time token that was used.
struct SpentRecord {
  std::string one_time_id;
  std::int64_t spent_at_ms = 0;
};

/// In the order in which they are exported: what others refer to comes first.
using UserRecord = std::variant<LimitRecord, DeviceRow, SkillRecord, SessionRow, MessageRecord, UsageRow, ChatsRecord,
                                ValidFromRecord, RevokedRecord, SpentRecord, TokenRow>;

/// Where reading goes on: behind the row with these keys in this section. Made and read by the store alone.
struct ExportPlace {
  std::size_t section = 0;
  std::string text;
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t offset = 0;  // bytes of a long message that were read
  bool operator==(const ExportPlace&) const = default;
};
struct ExportPart {
  std::vector<UserRecord> records;
  std::optional<ExportPlace> next;  // nothing: that was the last
};

struct ImportRequest {
  std::string user_id;
  std::vector<UserRecord> records;
  /// Sessions' titles and what is said of devices become as the records say; else what is there stays.
  bool overwrite = false;
  /// Limits, revocations and the list of tokens as well: they are the admin's.
  bool is_by_admin = false;
};
struct ImportCount {
  std::int64_t added = 0;
  std::int64_t already_there = 0;
  std::int64_t left_out = 0;      // an admin's, and it is not by an admin
  std::set<std::string> devices;  // that are there now with something new
  bool has_new_limits = false;
};

class ExportStore {
 public:
  virtual ~ExportStore() = default;

  /// Records from `place` on, whose texts come to about `bytes_max`; at least one when there is one.
  virtual Task<Reply<ExportPart>> read_part(std::string user_id, ExportPlace place, std::size_t bytes_max) = 0;
  /// All or nothing. `forbidden` when a device or session is somebody else's; `quota_exceeded` as everywhere.
  virtual Task<Reply<ImportCount>> import(ImportRequest request) = 0;
  /// Those that are there, with their skills.
  virtual Task<Reply<std::vector<std::pair<DeviceRow, std::vector<SkillRow>>>>> read_user_devices(
      std::string user_id, std::set<std::string> device_ids) = 0;
};

}  // namespace strawberry::bridge
