/// The tokens that people issue, list and revoke themselves, in SQL.
///
/// As token_rows.h: inside a transaction on the store's thread. Errors: as UserStore.
#pragma once

#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/ports/user_store.h"

namespace strawberry::bridge {

Reply<std::vector<std::string>> add_named_token_within(StatementCache& statements, const StorageLimits& limits,
                                                       const std::optional<NewToken>& token, bool beside_others);
Reply<void> add_login_token_within(StatementCache& statements, const StorageLimits& limits,
                                   const std::optional<NewToken>& token, std::size_t logins_max);
Reply<ListedTokens> read_tokens(StatementCache& statements, const TokenSearch& search, std::int64_t now_ms);
Reply<std::vector<std::string>> revoke_chosen_tokens(StatementCache& statements, const TokenChoice& which,
                                                     std::int64_t now_ms);
Reply<RevokedUser> revoke_all_tokens_of(StatementCache& statements, const std::string& user_id, std::int64_t now_ms);
void write_last_used(StatementCache& statements, const std::vector<TokenUse>& uses);

}  // namespace strawberry::bridge
