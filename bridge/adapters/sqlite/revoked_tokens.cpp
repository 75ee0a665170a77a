#include "bridge/adapters/sqlite/revoked_tokens.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/token_state.h"
#include "common/identity/token.h"

namespace strawberry::bridge {
namespace {

/// Revocations outlive the token's expiry, since it would be valid again if the clock were set back.
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

/// Returns the first token of the line that a listed token belongs to; empty when it is not on the list.
std::string listed_root(SQLite::Database& database, const std::string& jti) {
  SQLite::Statement row(database, "SELECT root_jti FROM issued_tokens WHERE jti = ?");
  row.bind(1, jti);
  return row.executeStep() ? row.getColumn(0).getString() : std::string();
}

std::int64_t latest_expiry(SQLite::Database& database, const std::string& root_jti) {
  SQLite::Statement row(database, "SELECT coalesce(max(expires_at), 0) FROM issued_tokens WHERE root_jti = ?");
  row.bind(1, root_jti);
  return row.executeStep() ? row.getColumn(0).getInt64() : 0;
}

std::int64_t count_live_elsewhere(SQLite::Database& database, const std::string& root_jti, std::int64_t now_ms) {
  SQLite::Statement row(database,
                        "SELECT count(*) FROM issued_tokens t WHERE t.root_jti <> ?2 AND t.parent_jti IN"
                        " (SELECT jti FROM issued_tokens WHERE root_jti = ?2) AND " STRAWBERRY_TOKEN_STATE_CASES
                        " ELSE 0 END = 0");
  row.bind(1, now_ms);
  row.bind(2, root_jti);
  return row.executeStep() ? row.getColumn(0).getInt64() : 0;
}

}  // namespace

Result<RevokedLine> revoke_token(const std::string& database_path, const std::string& jti, std::int64_t now_ms,
                                 std::int64_t expires_at_ms, const std::string& root_jti) {
  auto database = open_database(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    SQLite::Transaction transaction(**database, SQLite::TransactionBehavior::IMMEDIATE);
    forget_expired(**database, now_ms);
    RevokedLine line;
    line.root_jti = listed_root(**database, jti);
    if (line.root_jti.empty()) line.root_jti = root_jti.empty() ? jti : root_jti;
    // Tokens made from it that are not listed, since a backup was restored, expire no later than one made just now.
    const std::int64_t youngest = now_ms + std::chrono::milliseconds(token_lifetime_default).count();
    line.expires_at_ms = std::max({expires_at_ms, youngest, latest_expiry(**database, line.root_jti)});
    const std::int64_t before = count_revoked(**database);
    SQLite::Statement insert(**database,
                             "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, ?, ?) "
                             "ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)");
    insert.bind(1, line.root_jti);
    insert.bind(2, now_ms);
    insert.bind(3, line.expires_at_ms);
    insert.exec();
    const std::int64_t after = count_revoked(**database);
    if (after > revoked_tokens_max) return too_many(**database);
    line.is_new = after > before;
    line.live_elsewhere = count_live_elsewhere(**database, line.root_jti, now_ms);
    transaction.commit();
    return line;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot write to database " + database_path + ": " + failure.what());
  }
}

// `iat` counts whole seconds: a token issued a moment ago has this second.
std::int64_t valid_again_ms(std::int64_t now_ms) { return (now_ms / 1000 + 1) * 1000; }

Result<std::int64_t> revoke_user(const std::string& database_path, const std::string& user_id, std::int64_t now_ms) {
  auto database = open_database(database_path);
  if (!database) return tl::unexpected(database.error());
  const std::int64_t valid_from_ms = valid_again_ms(now_ms);
  try {
    SQLite::Transaction transaction(**database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(**database, note_user_revocation_sql);
    insert.bind(1, user_id);
    insert.bind(2, valid_from_ms);
    insert.exec();
    if (auto within = check_user_revocations(**database); !within) return tl::unexpected(within.error());
    transaction.commit();
    return valid_from_ms;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot write to database " + database_path + ": " + failure.what());
  }
}

Result<void> prune_revoked_tokens(SQLite::Database& database, std::int64_t now_ms) {
  forget_expired(database, now_ms);
  if (count_revoked(database) > revoked_tokens_max) return too_many(database);
  return {};
}

Result<void> check_user_revocations(SQLite::Database& database) {
  if (database.execAndGet("SELECT count(*) FROM user_revocations").getInt64() <= user_revocations_max) return {};
  return fail("database " + database.getFilename() + " would list more than " + std::to_string(user_revocations_max) +
              " users whose tokens were revoked, the most there can be: retire the key that signed them");
}

}  // namespace strawberry::bridge
