/// What was used of language models, in SQL. As rows.h: inside a transaction on the store's thread.
#pragma once

#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/store.h"

namespace strawberry {

void add_usage_rows(StatementCache& statements, const std::vector<UsageRow>& rows, std::int64_t oldest_day);
UsageReport read_usage_rows(StatementCache& statements, const std::string& user_id, std::int64_t since_day,
                            std::size_t rows_max);
void add_chats_of_day(StatementCache& statements, const std::vector<UserChats>& chats, std::int64_t oldest_day);
std::vector<UserTokens> read_tokens_of_day(StatementCache& statements, std::int64_t day, std::size_t users_max);

}  // namespace strawberry
