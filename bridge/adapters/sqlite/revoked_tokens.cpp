#include "bridge/adapters/sqlite/revoked_tokens.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "bridge/adapters/sqlite/database.h"

namespace strawberry {
namespace {

/// Clocks are set back now and then, and a token would be good again.
constexpr std::int64_t keep_after_expiry_ms = 24LL * 60 * 60 * 1000;

std::int64_t count_revoked(SQLite::Database& database) {
  return database.execAndGet("SELECT count(*) FROM revoked_tokens").getInt64();
}

void forget_expired(SQLite::Database& database, std::int64_t now_ms) {
  SQLite::Statement prune(database, "DELETE FROM revoked_tokens WHERE expires_at < ?");
  prune.bind(1, now_ms - keep_after_expiry_ms);
  prune.exec();
}

tl::unexpected<Failure> too_many(const SQLite::Database& database) {
  return fail("database " + database.getFilename() + " would list more than " + std::to_string(revoked_tokens_max) +
              " revoked tokens, the most there can be: retire the key that signed them");
}

}  // namespace

Result<bool> revoke_token(const std::string& database_path, const std::string& jti, std::int64_t now_ms,
                          std::int64_t expires_at_ms) {
  auto database = open_database(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    SQLite::Transaction transaction(**database, SQLite::TransactionBehavior::IMMEDIATE);
    forget_expired(**database, now_ms);
    const std::int64_t before = count_revoked(**database);
    SQLite::Statement insert(**database,
                             "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, ?, ?) "
                             "ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)");
    insert.bind(1, jti);
    insert.bind(2, now_ms);
    insert.bind(3, expires_at_ms);
    insert.exec();
    const std::int64_t after = count_revoked(**database);
    if (after > revoked_tokens_max) return too_many(**database);
    transaction.commit();
    return after > before;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot write to database " + database_path + ": " + failure.what());
  }
}

Result<void> prune_revoked_tokens(SQLite::Database& database, std::int64_t now_ms) {
  forget_expired(database, now_ms);
  if (count_revoked(database) > revoked_tokens_max) return too_many(database);
  return {};
}

}  // namespace strawberry
