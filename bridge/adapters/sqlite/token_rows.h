/// The bridge's part of the list of tokens: a token is listed in the transaction that makes it valid.
///
/// As device_rows.h: inside a transaction on the store's thread. The caller rolls back what a refused call has written.
/// Errors: forbidden, busy or quota_exceeded, as DeviceStore::add_token(). Bounds: StorageLimits::tokens_per_user_max
/// and tokens_per_principal_max valid ones, 0: no limit; issued_tokens_max rows in total.
#pragma once

#include <optional>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/token_row.h"

namespace strawberry::bridge {

/// Does nothing without a token.
Reply<void> add_token_within(StatementCache& statements, const StorageLimits& limits,
                             const std::optional<NewToken>& token);
/// As DeviceStore::renew_program(). When it returns false, it has revoked the line.
Reply<bool> renew_program_within(StatementCache& statements, const StorageLimits& limits, NewToken renewal,
                                 NewToken access);
/// As DeviceStore::revoke_line(); `busy` when revoked_tokens_max lines are revoked.
Reply<void> revoke_line_within(StatementCache& statements, const std::string& root_jti, std::int64_t now_ms,
                               std::int64_t expires_at_ms);
/// Deletes used one-time tokens that register no device and are older than one_time_kept_ms: they expired long ago.
void forget_spent_grants(StatementCache& statements, std::int64_t now_ms);
inline constexpr std::int64_t one_time_kept_ms = 2LL * 24 * 60 * 60 * 1000;

}  // namespace strawberry::bridge
