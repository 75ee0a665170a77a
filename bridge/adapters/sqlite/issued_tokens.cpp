#include "bridge/adapters/sqlite/issued_tokens.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/token_state.h"

namespace strawberry::bridge {
namespace {

/// With its state; ?1 is now, ?2 the ids of the keys there are, as a JSON array.
#define STRAWBERRY_TOKENS                                                                                        \
  "(SELECT jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti, scope, skills, " \
  "last_used, " STRAWBERRY_TOKEN_STATE_CASES                                                                     \
  " WHEN t.kid NOT IN (SELECT value FROM json_each(?2)) THEN 2 ELSE 0 END AS state FROM issued_tokens t)"

/// ?3 … ?6 are a TokenQuery's.
constexpr const char* matches =
    " WHERE (?3 = '' OR user_id = ?3) AND (?4 = '' OR name = ?4) AND (?5 = '' OR jti = ?5) AND (?6 = 0 OR state = 0)";

std::vector<IssuedToken> rows_of(SQLite::Statement& statement) {
  std::vector<IssuedToken> tokens;
  while (statement.executeStep()) {
    IssuedToken& token = tokens.emplace_back();
    std::string* const texts[] = {&token.jti, &token.name, &token.type, &token.subject, &token.user_id, &token.kid};
    int column = 0;
    for (std::string* text : texts) *text = statement.getColumn(column++).getString();
    token.issued_at_ms = statement.getColumn(column++).getInt64();
    token.expires_at_ms = statement.getColumn(column++).getInt64();
    token.parent_jti = statement.getColumn(column++).getString();
    token.root_jti = statement.getColumn(column++).getString();
    for (auto* text : {&token.scope, &token.skills}) {
      if (!statement.getColumn(column).isNull()) *text = statement.getColumn(column).getString();
      ++column;
    }
    if (!statement.getColumn(column).isNull()) token.last_used_ms = statement.getColumn(column).getInt64();
    ++column;
    token.state = static_cast<TokenState>(statement.getColumn(column).getInt());
  }
  return tokens;
}

void bind_now(SQLite::Statement& statement, const std::set<std::string>& kids, std::int64_t now_ms) {
  statement.bind(1, now_ms);
  statement.bind(2, nlohmann::json(kids).dump());
}

void bind_query(SQLite::Statement& statement, const TokenQuery& query) {
  statement.bind(3, query.user_id);
  statement.bind(4, query.name);
  statement.bind(5, query.jti);
  statement.bind(6, query.only_live ? 1 : 0);
}

TokenList find(SQLite::Database& database, const std::set<std::string>& kids, std::int64_t now_ms,
               const TokenQuery& query) {
  TokenList list;
  SQLite::Statement rows(database, std::string("SELECT * FROM " STRAWBERRY_TOKENS) + matches +
                                       " ORDER BY name = '', name, issued_at, jti LIMIT ?7");
  bind_now(rows, kids, now_ms);
  bind_query(rows, query);
  rows.bind(7, query.limit);
  list.tokens = rows_of(rows);
  list.total = static_cast<std::int64_t>(list.tokens.size());
  if (list.total < query.limit) return list;
  SQLite::Statement count(database, std::string("SELECT count(*) FROM " STRAWBERRY_TOKENS) + matches);
  bind_now(count, kids, now_ms);
  bind_query(count, query);
  if (count.executeStep()) list.total = count.getColumn(0).getInt64();
  return list;
}

std::vector<IssuedToken> live_namesakes(SQLite::Database& database, const IssuedToken& token,
                                        const std::set<std::string>& kids, std::int64_t now_ms) {
  if (token.name.empty()) return {};
  // Each one-time token is a principal of its own; whom it is for is its user.
  SQLite::Statement rows(database, "SELECT * FROM " STRAWBERRY_TOKENS
                                   " WHERE name = ?3 AND type = ?4 AND state = 0 AND "
                                   "CASE WHEN type IN ('enroll', 'grant') THEN user_id = ?6 ELSE subject = ?5 END");
  bind_now(rows, kids, now_ms);
  rows.bind(3, token.name);
  rows.bind(4, token.type);
  rows.bind(5, token.subject);
  rows.bind(6, token.user_id);
  return rows_of(rows);
}

bool is_full(SQLite::Database& database) {
  return database.execAndGet("SELECT tokens FROM token_counts WHERE user_id = '*'").getInt64() >= issued_tokens_max;
}

/// Device and user ids share one namespace: the holder would speak in the device's place.
bool is_for_a_device(SQLite::Database& database, const IssuedToken& token) {
  if (token.type != "user" && token.type != "enroll" && token.type != "grant") return false;
  SQLite::Statement device(database, "SELECT 1 FROM devices WHERE device_id = ?");
  device.bind(1, token.user_id);
  return device.executeStep();
}

void remove(SQLite::Database& database, const std::string& jti) {
  SQLite::Statement row(database, "DELETE FROM issued_tokens WHERE jti = ?");
  row.bind(1, jti);
  row.exec();
}

void make_room(SQLite::Database& database, const std::set<std::string>& kids, std::int64_t now_ms) {
  SQLite::Statement prune(database, "DELETE FROM issued_tokens WHERE expires_at < ?");
  prune.bind(1, now_ms - listed_after_expiry_ms);
  prune.exec();
  if (!is_full(database)) return;
  SQLite::Statement dead(
      database, "DELETE FROM issued_tokens WHERE jti IN (SELECT jti FROM " STRAWBERRY_TOKENS " WHERE state <> 0)");
  bind_now(dead, kids, now_ms);
  dead.exec();
}

void insert(SQLite::Database& database, const IssuedToken& token) {
  SQLite::Statement row(database,
                        "INSERT INTO issued_tokens"
                        " (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti,"
                        " scope, skills) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  int at = 0;
  for (const auto* text : {&token.jti, &token.name, &token.type, &token.subject, &token.user_id, &token.kid}) {
    row.bind(++at, *text);
  }
  row.bind(++at, token.issued_at_ms);
  row.bind(++at, token.expires_at_ms);
  row.bind(++at, token.parent_jti);
  row.bind(++at, token.root_jti.empty() ? token.jti : token.root_jti);
  for (const auto* text : {&token.scope, &token.skills}) {
    ++at;
    if (*text) row.bind(at, **text);
  }
  row.exec();
}

}  // namespace

std::string_view to_string(TokenState state) {
  switch (state) {
    case TokenState::live: return "live";
    case TokenState::expired: return "expired";
    case TokenState::revoked: return "revoked";
    case TokenState::spent: return "spent";
  }
  return "?";
}

Result<TokenList> issued_tokens(const std::string& database_path, const std::set<std::string>& kids,
                                std::int64_t now_ms, const TokenQuery& query) {
  auto database = open_database_to_read(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    return find(**database, kids, now_ms, query);
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + database_path + ": " + failure.what());
  }
}

Result<std::set<std::string>> listed_users(const std::string& database_path) {
  auto database = open_database_to_read(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    std::set<std::string> users;
    SQLite::Statement rows(**database, "SELECT user_id FROM token_counts WHERE user_id NOT IN ('', '*')");
    while (rows.executeStep()) users.insert(rows.getColumn(0).getString());
    return users;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot read database " + database_path + ": " + failure.what());
  }
}

Result<std::vector<IssuedToken>> record_token(const std::string& database_path, const IssuedToken& token,
                                              const std::set<std::string>& kids, bool beside_others,
                                              std::int64_t now_ms) {
  auto database = open_database(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    SQLite::Transaction transaction(**database, SQLite::TransactionBehavior::IMMEDIATE);
    if (is_for_a_device(**database, token)) {
      return fail("the user " + token.user_id + " would have the id of a device: choose another");
    }
    auto namesakes = live_namesakes(**database, token, kids, now_ms);
    if (!namesakes.empty() && !beside_others) return namesakes;
    make_room(**database, kids, now_ms);
    if (is_full(**database)) {
      return fail("database " + database_path + " lists " + std::to_string(issued_tokens_max) +
                  " live tokens, the most there can be: revoke some, or let them expire");
    }
    insert(**database, token);
    transaction.commit();
    return namesakes;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot write to database " + database_path + ": " + failure.what());
  }
}

Result<void> forget_token(const std::string& database_path, const std::string& jti) {
  auto database = open_database(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    remove(**database, jti);
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot write to database " + database_path + ": " + failure.what());
  }
}

}  // namespace strawberry::bridge
