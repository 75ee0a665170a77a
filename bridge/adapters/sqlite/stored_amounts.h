/// What a user keeps in the database, and whether there may be more of it. The amounts are kept by the database's own
/// triggers (schemas/sql/0005_user_storage.sql), in the transaction that changes them, whoever changes them.
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

/// The most that one user may have stored. 0: any number.
struct StorageLimits {
  std::int64_t stored_bytes_per_user_max = 0;
  std::int64_t sessions_per_user_max = 0;
  std::int64_t messages_per_user_max = 0;
  std::int64_t messages_per_session_max = 0;
  std::int64_t devices_per_user_max = 0;
  /// While the disk is almost full: what is answered to whatever would grow.
  std::optional<Error> disk_low = std::nullopt;
  /// On the list and good.
  std::int64_t tokens_per_user_max = 0;
  std::int64_t tokens_per_principal_max = 0;
};

/// `limits`, but for what an admin has set for this user (user_limits).
StorageLimits limits_of(StatementCache& statements, StorageLimits limits, const std::string& user_id);

/// None of a user who has no session.
StoredAmounts read_stored_amounts(StatementCache& statements, const std::string& user_id);

/// The first limit that what grew has passed. Who is beyond one already, since it was lowered, may still store what is
/// no more of that.
std::optional<Error> passed_limit(const StorageLimits& limits, const StoredAmounts& before, const StoredAmounts& after);
std::optional<Error> passed_session_limit(const StorageLimits& limits, std::int64_t before, std::int64_t after);

/// Whether the user may have one device more.
std::optional<Error> check_devices(StatementCache& statements, const StorageLimits& limits, const std::string& user_id);

// The writes of conversation_rows.h and sync_rows.h within the limits. Whoever calls them takes back what a refused one
// has written.

Reply<void> add_session_within(StatementCache& statements, const StorageLimits& limits, const SessionRow& session);
Reply<std::size_t> append_messages_within(StatementCache& statements, const StorageLimits& limits,
                                          const std::string& session_id, const std::vector<MessageRow>& messages);
Reply<std::vector<SyncCount>> sync_rows_within(StatementCache& statements, const StorageLimits& limits,
                                               const std::vector<SessionUpload>& uploads);

}  // namespace strawberry::bridge
