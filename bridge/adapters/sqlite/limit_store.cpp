#include <utility>

#include "bridge/adapters/sqlite/limit_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

/// Each of the three in one walk through `user_storage`, which has a row a user.
UsersAtLimit count_users_at_limit(StatementCache& statements, const StorageLimits& limits) {
  auto& row = statements.bind(
      "SELECT sum(sessions >= sessions_max AND sessions_max > 0), sum(messages >= messages_max AND messages_max > 0),"
      " sum(bytes >= bytes_max AND bytes_max > 0) FROM (SELECT s.sessions, s.messages, s.bytes,"
      " coalesce((SELECT value FROM user_limits l WHERE l.user_id = s.user_id AND l.name = 'sessions'), ?)"
      " AS sessions_max,"
      " coalesce((SELECT value FROM user_limits l WHERE l.user_id = s.user_id AND l.name = 'messages'), ?)"
      " AS messages_max,"
      " coalesce((SELECT value FROM user_limits l WHERE l.user_id = s.user_id AND l.name = 'stored_bytes'), ?)"
      " AS bytes_max FROM user_storage s)",
      limits.sessions_per_user_max, limits.messages_per_user_max, limits.stored_bytes_per_user_max);
  UsersAtLimit users;
  if (row.executeStep()) {
    users[LimitKind::sessions] = row.getColumn(0).getInt64();
    users[LimitKind::messages] = row.getColumn(1).getInt64();
    users[LimitKind::stored_bytes] = row.getColumn(2).getInt64();
  }
  row.reset();
  return users;
}

class SqliteLimitStore final : public LimitStore {
 public:
  explicit SqliteLimitStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<void>> put_limits(std::string user_id, std::map<LimitKind, std::optional<std::int64_t>> limits) override {
    return writer_.run({user_id}, write_limits, user_id, std::move(limits));
  }
  Task<Reply<StoredAmounts>> stored_amounts(std::string user_id) override {
    return writer_.run({user_id}, read_stored_amounts, user_id);
  }
  Task<Reply<UsersAtLimit>> users_at_limit() override { return writer_.run_within({hub_itself}, count_users_at_limit); }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<LimitStore> make_limit_store(SqliteWriter& writer) {
  return std::make_unique<SqliteLimitStore>(writer);
}

}  // namespace strawberry::bridge
