/// A user's amount of stored data, and whether it may grow. The database's own triggers count the amounts
/// (schemas/sql/0005_user_storage.sql), in the transaction that changes them.
///
/// As device_rows.h: inside a transaction on the store's thread; the comparisons are pure.
/// Errors: quota_exceeded with details limit (its name in the configuration), max and used; or StorageLimits::disk_low.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/conversation_store.h"
#include "bridge/ports/limit_store.h"

namespace strawberry::bridge {

/// The most that one user may store. 0: no limit.
struct StorageLimits {
  std::int64_t stored_bytes_per_user_max = 0;
  std::int64_t sessions_per_user_max = 0;
  std::int64_t messages_per_user_max = 0;
  std::int64_t messages_per_session_max = 0;
  std::int64_t devices_per_user_max = 0;
  /// The error for anything that would grow; set while the disk is almost full.
  std::optional<Error> disk_low = std::nullopt;
  /// valid tokens on the list
  std::int64_t tokens_per_user_max = 0;
  std::int64_t tokens_per_principal_max = 0;
};

/// Returns `limits` with those that an admin has set for this user (user_limits).
StorageLimits limits_of(StatementCache& statements, StorageLimits limits, const std::string& user_id);

/// All zero for a user without sessions.
StoredAmounts read_stored_amounts(StatementCache& statements, const std::string& user_id);

/// Returns the first limit that was exceeded by growing. A user who exceeds a limit that was lowered may still store
/// what does not add to it.
std::optional<Error> passed_limit(const StorageLimits& limits, const StoredAmounts& before, const StoredAmounts& after);
std::optional<Error> passed_session_limit(const StorageLimits& limits, std::int64_t before, std::int64_t after);

/// Checks whether the user may have one more device.
std::optional<Error> check_devices(StatementCache& statements, const StorageLimits& limits, const std::string& user_id);

// The writes of conversation_rows.h and sync_rows.h within the limits. The caller rolls back what a refused one has
// written.

Reply<void> add_session_within(StatementCache& statements, const StorageLimits& limits, const SessionRow& session);
Reply<std::size_t> append_messages_within(StatementCache& statements, const StorageLimits& limits,
                                          const std::string& session_id, const std::vector<MessageRow>& messages);
Reply<std::vector<SyncCount>> sync_rows_within(StatementCache& statements, const StorageLimits& limits,
                                               const std::vector<SessionUpload>& uploads);

}  // namespace strawberry::bridge
