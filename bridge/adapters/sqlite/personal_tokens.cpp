#include "bridge/adapters/sqlite/personal_tokens.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "bridge/adapters/sqlite/token_rows.h"
#include "bridge/adapters/sqlite/token_state.h"

namespace strawberry {
namespace {

// Good ones; ?1 is now.
#define STRAWBERRY_IS_GOOD STRAWBERRY_TOKEN_STATE_CASES " ELSE 0 END = 0"

struct Line {
  std::string root_jti;
  std::int64_t expires_at_ms = 0;
};

std::vector<Line> lines_of(SQLite::Statement& rows) {
  std::vector<Line> lines;
  while (rows.executeStep()) lines.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getInt64()});
  rows.reset();
  return lines;
}

}  // namespace

Reply<void> add_named_token_within(StatementCache& statements, const StorageLimits& limits,
                                   const std::optional<NewToken>& token) {
  const TokenRow& row = token->row;
  auto& namesakes = statements.bind("SELECT 1 FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD
                                    " AND t.user_id = ?2 AND t.subject = ?3 AND t.name = ?4",
                                    row.issued_at_ms, row.user_id, row.subject, row.name);
  const bool is_taken = namesakes.executeStep();
  namesakes.reset();
  if (is_taken)
    return error(ErrorCode::forbidden, "there is a token of this name: revoke it, or choose another name",
                 {{"path", "/name"}, {"reason", "exists"}});
  return add_token_within(statements, limits, token);
}

Reply<void> add_login_token_within(StatementCache& statements, const StorageLimits& limits,
                                   const std::optional<NewToken>& token, std::size_t logins_max) {
  const TokenRow& row = token->row;
  // The first of each line, and how long the last of it is good.
  auto& logins = statements.bind("SELECT t.root_jti, max(t.expires_at) FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD
                                 " AND t.user_id = ?2 AND t.subject = ?3 AND t.name = ?4"
                                 " GROUP BY t.root_jti ORDER BY max(t.issued_at) DESC LIMIT -1 OFFSET ?5",
                                 row.issued_at_ms, row.user_id, row.subject, row.name, logins_max - 1);
  for (const Line& line : lines_of(logins)) {
    auto revoked = revoke_line_within(statements, line.root_jti, row.issued_at_ms, line.expires_at_ms);
    if (!revoked) return revoked;
  }
  return add_token_within(statements, limits, token);
}

Reply<ListedTokens> read_good_tokens(StatementCache& statements, const std::string& user_id, std::int64_t now_ms,
                                     std::size_t limit) {
  ListedTokens list;
  auto& count = statements.bind("SELECT count(*) FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD " AND t.user_id = ?2",
                                now_ms, user_id);
  if (count.executeStep()) list.total = count.getColumn(0).getInt64();
  count.reset();
  auto& rows = statements.bind(
      "SELECT t.jti, t.name, t.type, t.subject, t.issued_at, t.expires_at, t.root_jti, t.scope, t.skills, t.last_used"
      " FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD " AND t.user_id = ?2 ORDER BY t.issued_at DESC, t.jti LIMIT ?3",
      now_ms, user_id, limit);
  while (rows.executeStep()) {
    ListedToken token;
    token.row.jti = rows.getColumn(0).getString();
    token.row.name = rows.getColumn(1).getString();
    token.row.type = rows.getColumn(2).getString();
    token.row.subject = rows.getColumn(3).getString();
    token.row.user_id = user_id;
    token.row.issued_at_ms = rows.getColumn(4).getInt64();
    token.row.expires_at_ms = rows.getColumn(5).getInt64();
    token.row.root_jti = rows.getColumn(6).getString();
    if (!rows.getColumn(7).isNull()) token.row.scope = rows.getColumn(7).getString();
    if (!rows.getColumn(8).isNull()) token.row.skills = rows.getColumn(8).getString();
    if (!rows.getColumn(9).isNull()) token.last_used_ms = rows.getColumn(9).getInt64();
    list.tokens.push_back(std::move(token));
  }
  rows.reset();
  return list;
}

Reply<std::vector<std::string>> revoke_tokens_of(StatementCache& statements, const std::string& user_id,
                                                 const std::string& jti, const std::string& name, std::int64_t now_ms) {
  auto& found = statements.bind(
      "SELECT t.root_jti, max((SELECT max(l.expires_at) FROM issued_tokens l WHERE l.root_jti = t.root_jti))"
      " FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD
      " AND t.user_id = ?2 AND CASE WHEN ?3 <> '' THEN t.jti = ?3 ELSE t.name = ?4 END GROUP BY t.root_jti",
      now_ms, user_id, jti, name);
  const std::vector<Line> lines = lines_of(found);
  if (lines.empty()) return error(ErrorCode::not_found, "no such token");
  std::vector<std::string> revoked;
  for (const Line& line : lines) {
    auto done = revoke_line_within(statements, line.root_jti, now_ms, line.expires_at_ms);
    if (!done) return tl::unexpected(done.error());
    revoked.push_back(line.root_jti);
  }
  return revoked;
}

void write_last_used(StatementCache& statements, const std::vector<std::string>& jtis, std::int64_t now_ms) {
  for (const std::string& jti : jtis) {
    statements.execute("UPDATE issued_tokens SET last_used = max(coalesce(last_used, 0), ?) WHERE jti = ?", now_ms,
                       jti);
  }
}

}  // namespace strawberry
