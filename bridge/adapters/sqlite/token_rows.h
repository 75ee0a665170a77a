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

namespace strawberry {

/// Nothing to do without one.
Reply<void> add_token_within(StatementCache& statements, const StorageLimits& limits,
                             const std::optional<NewToken>& token);

}  // namespace strawberry
