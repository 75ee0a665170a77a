/// Accounts in SQL (schemas/sql/0009_accounts.sql), and all that goes with a user.
///
/// As device_rows.h: inside a transaction on the store's thread. Errors: as UserStore.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/ports/user_store.h"

namespace strawberry::bridge {

/// In the order of their ids.
void read_users(StatementCache& statements, const std::function<void(UserRow)>& use);
std::vector<std::string> read_users_without_account(StatementCache& statements, std::size_t limit);

Reply<void> insert_user(StatementCache& statements, const UserRow& user, bool first_admin);
Reply<void> update_user(StatementCache& statements, const std::string& user_id, const UserChange& change);
void write_last_login(StatementCache& statements, const std::string& user_id, std::int64_t now_ms);
Reply<DeletedUser> remove_user(StatementCache& statements, const std::string& user_id, std::int64_t now_ms);

}  // namespace strawberry::bridge
