/// The hub's memory on disk, one store for each domain. Every write is durable before its Task completes.
/// Implemented by adapters/sqlite/; rows are plain structs. A service takes the one store that it needs.
///
/// Users take turns: each call names its user (`user_id`, where its rows do not), and the calls of one user, to
/// whichever store, are worked off in their order.
///
/// Threading: called on the loop; the work happens elsewhere.   Lifetime: the stores are the Storage's.
/// Errors: `internal` (logged with its cause), `busy` when too much of the user's or of all waits, or `quota_exceeded`
/// (details.limit, max and used) when the user would have more devices, tokens, sessions, messages or bytes than
/// allowed; with the limit `disk_free_min_mib` (details.min and free) while the disk is almost full and the call would
/// need room. A write that is refused leaves nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/ports/announcements.h"
#include "bridge/ports/audit_store.h"
#include "bridge/ports/conversation_store.h"
#include "bridge/ports/device_store.h"
#include "bridge/ports/export_store.h"
#include "bridge/ports/limit_store.h"
#include "bridge/ports/skill_store.h"
#include "bridge/ports/usage_store.h"
#include "bridge/ports/user_store.h"
#include "common/text/result.h"

namespace strawberry::bridge {

struct StorageHealth {
  std::size_t jobs_waiting = 0;
  std::size_t bytes_waiting = 0;
  std::int64_t bytes_stored = 0;
  std::optional<std::uint64_t> disk_free_bytes = std::nullopt;  // when somebody last looked
  bool disk_low = false;
};

/// For Events (common/runtime/events.h): a commit, with all that was in it, is durable.
struct StoreCommitted {
  std::chrono::nanoseconds took;
};

class Storage {
 public:
  virtual ~Storage() = default;

  virtual DeviceStore& devices() = 0;
  virtual SkillStore& skills() = 0;
  virtual ConversationStore& conversations() = 0;
  virtual UsageStore& usage() = 0;
  virtual AnnouncementLedger& announcements() = 0;
  virtual LimitStore& limits() = 0;
  virtual AuditStore& audit() = 0;
  virtual ExportStore& exports() = 0;
  virtual UserStore& users() = 0;

  /// Everything the bridge keeps in memory, one device with its skills after the other. Called once, before any job;
  /// blocks.
  virtual Result<void> load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use) = 0;
  /// Every id of a user or admin. As load_devices().
  virtual Result<void> load_taken_ids(const std::function<void(std::string)>& use) = 0;
  /// Every limit that is not the configuration's. As load_devices().
  virtual Result<void> load_limits(const std::function<void(std::string, LimitKind, std::int64_t)>& use) = 0;
  /// Every account. As load_devices().
  virtual Result<void> load_users(const std::function<void(UserRow)>& use) = 0;

  /// The state of the disk is logged when it changes, so call this from time to time.
  virtual StorageHealth health() = 0;
};

}  // namespace strawberry::bridge
