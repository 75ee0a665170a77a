/// The list of tokens as the bridge keeps it: what it gives out goes onto it in the transaction that makes it so.
///
/// As device_rows.h: inside a transaction on the store's thread. Whoever calls it takes back what a refused one has
/// written. Errors: forbidden, busy or quota_exceeded, as DeviceStore::add_token(). Bounds:
/// StorageLimits::tokens_per_user_max and tokens_per_principal_max good ones, 0: any number; issued_tokens_max rows in
/// all.
#pragma once

#include <optional>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/token_row.h"

namespace strawberry::bridge {

/// Nothing to do without one.
Reply<void> add_token_within(StatementCache& statements, const StorageLimits& limits,
                             const std::optional<NewToken>& token);
/// As DeviceStore::renew_program(). False has written: the revocation of the line.
Reply<bool> renew_program_within(StatementCache& statements, const StorageLimits& limits, NewToken renewal,
                                 NewToken access);
/// As DeviceStore::revoke_line(); `busy` when revoked_tokens_max lines are revoked.
Reply<void> revoke_line_within(StatementCache& statements, const std::string& root_jti, std::int64_t now_ms,
                               std::int64_t expires_at_ms);
/// Of one-time tokens that buy no device, which are older than one_time_kept_ms: they have expired long since.
void forget_spent_grants(StatementCache& statements, std::int64_t now_ms);
inline constexpr std::int64_t one_time_kept_ms = 2LL * 24 * 60 * 60 * 1000;

}  // namespace strawberry::bridge
