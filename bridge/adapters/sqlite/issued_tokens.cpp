#include "bridge/adapters/sqlite/issued_tokens.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <utility>

#include "bridge/adapters/sqlite/database.h"

namespace strawberry {
namespace {

/// What the broker plugin asks of a token as well; ?1 is now.
constexpr const char* select =
    "SELECT jti, name, type, subject, user_id, kid, issued_at, expires_at, CASE"
    " WHEN EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = t.jti) THEN 2"
    " WHEN type = 'enroll' AND EXISTS (SELECT 1 FROM spent_tokens s WHERE s.enroll_id = t.subject) THEN 3"
    " WHEN expires_at <= ?1 THEN 1"
    " WHEN type = 'device' AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.device_id = t.subject"
    "   AND d.user_id = t.user_id AND d.is_active AND d.tokens_valid_from <= t.issued_at) THEN 2"
    " ELSE 0 END FROM issued_tokens t ";

std::vector<IssuedToken> rows_of(SQLite::Statement& statement, const std::set<std::string>& kids) {
  std::vector<IssuedToken> tokens;
  while (statement.executeStep()) {
    IssuedToken& token = tokens.emplace_back();
    std::string* const texts[] = {&token.jti, &token.name, &token.type, &token.subject, &token.user_id, &token.kid};
    int column = 0;
    for (std::string* text : texts) *text = statement.getColumn(column++).getString();
    token.issued_at_ms = statement.getColumn(column++).getInt64();
    token.expires_at_ms = statement.getColumn(column++).getInt64();
    token.state = static_cast<TokenState>(statement.getColumn(column).getInt());
    if (token.state == TokenState::live && kids.count(token.kid) == 0) token.state = TokenState::revoked;
  }
  return tokens;
}

std::vector<IssuedToken> all_tokens(SQLite::Database& database, const std::set<std::string>& kids,
                                    std::int64_t now_ms) {
  SQLite::Statement rows(database, std::string(select) + "ORDER BY name = '', name, issued_at, jti");
  rows.bind(1, now_ms);
  return rows_of(rows, kids);
}

std::vector<IssuedToken> live_namesakes(SQLite::Database& database, const IssuedToken& token,
                                        const std::set<std::string>& kids, std::int64_t now_ms) {
  if (token.name.empty()) return {};
  // Each enroll token is a principal of its own; whom it is for is its user.
  SQLite::Statement rows(database, std::string(select) +
                                       "WHERE name = ?2 AND type = ?3 AND "
                                       "CASE type WHEN 'enroll' THEN user_id = ?5 ELSE subject = ?4 END");
  rows.bind(1, now_ms);
  rows.bind(2, token.name);
  rows.bind(3, token.type);
  rows.bind(4, token.subject);
  rows.bind(5, token.user_id);
  auto namesakes = rows_of(rows, kids);
  const auto is_dead = [](const IssuedToken& other) { return other.state != TokenState::live; };
  namesakes.erase(std::remove_if(namesakes.begin(), namesakes.end(), is_dead), namesakes.end());
  return namesakes;
}

bool is_full(SQLite::Database& database) {
  return database.execAndGet("SELECT count(*) FROM issued_tokens").getInt64() >= issued_tokens_max;
}

/// Device and user ids share one namespace: the holder would speak in the device's place.
bool is_for_a_device(SQLite::Database& database, const IssuedToken& token) {
  if (token.type != "user" && token.type != "enroll") return false;
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
  for (const IssuedToken& token : all_tokens(database, kids, now_ms)) {
    if (token.state != TokenState::live) remove(database, token.jti);
  }
}

void insert(SQLite::Database& database, const IssuedToken& token) {
  SQLite::Statement row(database,
                        "INSERT INTO issued_tokens (jti, name, type, subject, user_id, kid, issued_at, expires_at) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  int at = 0;
  for (const auto* text : {&token.jti, &token.name, &token.type, &token.subject, &token.user_id, &token.kid}) {
    row.bind(++at, *text);
  }
  row.bind(++at, token.issued_at_ms);
  row.bind(++at, token.expires_at_ms);
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

Result<std::vector<IssuedToken>> issued_tokens(const std::string& database_path, const std::set<std::string>& kids,
                                               std::int64_t now_ms) {
  auto database = open_database_to_read(database_path);
  if (!database) return tl::unexpected(database.error());
  try {
    return all_tokens(**database, kids, now_ms);
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

}  // namespace strawberry
