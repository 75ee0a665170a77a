#include "bridge/adapters/sqlite/personal_tokens.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/adapters/sqlite/token_rows.h"
#include "bridge/adapters/sqlite/token_state.h"

namespace strawberry::bridge {
namespace {

// Valid tokens; ?1 is now.
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

Reply<std::vector<std::string>> add_named_token_within(StatementCache& statements, const StorageLimits& limits,
                                                       const std::optional<NewToken>& token, bool beside_others) {
  std::optional<NewToken> added = token;
  TokenRow& row = added->row;
  auto& found = statements.bind("SELECT t.jti FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD
                                " AND t.user_id = ?2 AND t.subject = ?3 AND t.name = ?4 AND t.name <> ''",
                                row.issued_at_ms, row.user_id, row.subject, row.name);
  std::vector<std::string> namesakes;
  while (found.executeStep()) namesakes.push_back(found.getColumn(0).getString());
  found.reset();
  if (!namesakes.empty() && !beside_others)
    return error(ErrorCode::forbidden, "there is a token of this name: revoke it, or choose another name",
                 {{"path", "/name"}, {"reason", "exists"}});
  auto& parent = statements.bind("SELECT 1 FROM issued_tokens WHERE jti = ?", row.parent_jti);
  if (!parent.executeStep()) row.parent_jti.clear();  // a command's own token, for one connection
  parent.reset();
  if (auto stored = add_token_within(statements, limits, added); !stored) return tl::unexpected(stored.error());
  return namesakes;
}

Reply<void> add_login_token_within(StatementCache& statements, const StorageLimits& limits,
                                   const std::optional<NewToken>& token, std::size_t logins_max) {
  const TokenRow& row = token->row;
  // The first token of each line, and the latest expiry in it.
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

Reply<ListedTokens> read_tokens(StatementCache& statements, const TokenSearch& search, std::int64_t now_ms) {
  // ?1 is now, ?2 the ids of the keys, ?3 … ?6 the search.
#define STRAWBERRY_STATE \
  STRAWBERRY_TOKEN_STATE_CASES " WHEN t.kid NOT IN (SELECT value FROM json_each(?2)) THEN 2 ELSE 0 END"
#define STRAWBERRY_MATCHES \
  " (?4 = '' OR t.name = ?4) AND (?5 = '' OR t.jti = ?5) AND (?6 <> 0 OR " STRAWBERRY_STATE " = 0)"
#define STRAWBERRY_COUNT "SELECT count(*) FROM issued_tokens t WHERE "
#define STRAWBERRY_ROWS                                                                                               \
  "SELECT t.jti, t.name, t.type, t.subject, t.user_id, t.issued_at, t.expires_at, t.parent_jti, t.root_jti, t.scope," \
  " t.skills, t.last_used, " STRAWBERRY_STATE " FROM issued_tokens t WHERE "
#define STRAWBERRY_ORDER " ORDER BY t.issued_at DESC, t.jti LIMIT ?7 OFFSET ?8"
  constexpr std::string_view states[] = {"live", "expired", "revoked", "spent"};
  const bool is_of_all = search.user_id.empty();
  const std::string kids = nlohmann::json(search.kids).dump();
  ListedTokens list;
  auto& count = statements.bind(is_of_all ? STRAWBERRY_COUNT "?3 = '' AND" STRAWBERRY_MATCHES
                                          : STRAWBERRY_COUNT "t.user_id = ?3 AND" STRAWBERRY_MATCHES,
                                now_ms, kids, search.user_id, search.name, search.jti, search.also_dead);
  if (count.executeStep()) list.total = count.getColumn(0).getInt64();
  count.reset();
  auto& rows = statements.bind(is_of_all ? STRAWBERRY_ROWS "?3 = '' AND" STRAWBERRY_MATCHES STRAWBERRY_ORDER
                                         : STRAWBERRY_ROWS "t.user_id = ?3 AND" STRAWBERRY_MATCHES STRAWBERRY_ORDER,
                               now_ms, kids, search.user_id, search.name, search.jti, search.also_dead, search.limit,
                               search.offset);
  while (rows.executeStep()) {
    ListedToken token;
    int column = 0;
    for (auto* text : {&token.row.jti, &token.row.name, &token.row.type, &token.row.subject, &token.row.user_id})
      *text = rows.getColumn(column++).getString();
    token.row.issued_at_ms = rows.getColumn(column++).getInt64();
    token.row.expires_at_ms = rows.getColumn(column++).getInt64();
    token.row.parent_jti = rows.getColumn(column++).getString();
    token.row.root_jti = rows.getColumn(column++).getString();
    for (auto* text : {&token.row.scope, &token.row.skills}) {
      if (!rows.getColumn(column).isNull()) *text = rows.getColumn(column).getString();
      ++column;
    }
    if (!rows.getColumn(column).isNull()) token.last_used_ms = rows.getColumn(column).getInt64();
    const auto state = static_cast<std::size_t>(rows.getColumn(++column).getInt());
    token.state = states[std::min(state, std::size(states) - 1)];
    list.tokens.push_back(std::move(token));
  }
  rows.reset();
  return list;
}

Reply<std::vector<std::string>> revoke_chosen_tokens(StatementCache& statements, const TokenChoice& which,
                                                     std::int64_t now_ms) {
#define STRAWBERRY_LINES_OF_GOOD                                                                          \
  "SELECT t.root_jti, max((SELECT max(l.expires_at) FROM issued_tokens l WHERE l.root_jti = t.root_jti))" \
  " FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD
  auto& found = which.user_id.empty()
                    ? statements.bind(STRAWBERRY_LINES_OF_GOOD " AND t.jti = ?2 AND ?2 <> '' GROUP BY t.root_jti",
                                      now_ms, which.jti)
                    : statements.bind(STRAWBERRY_LINES_OF_GOOD
                                      " AND t.user_id = ?2 AND CASE WHEN ?3 <> '' THEN t.jti = ?3 ELSE"
                                      " t.name = ?4 END AND (?5 = '' OR t.root_jti <> ?5) GROUP BY t.root_jti",
                                      now_ms, which.user_id, which.jti, which.name, which.kept_root_jti);
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

Reply<RevokedUser> revoke_all_tokens_of(StatementCache& statements, const std::string& user_id, std::int64_t now_ms) {
  RevokedUser revoked;
  auto& listed = statements.bind("SELECT count(*) FROM issued_tokens t WHERE " STRAWBERRY_IS_GOOD " AND t.user_id = ?2",
                                 now_ms, user_id);
  if (listed.executeStep()) revoked.listed = listed.getColumn(0).getInt64();
  listed.reset();
  revoked.tokens_valid_from_ms = valid_again_ms(now_ms);
  statements.execute(note_user_revocation_sql, user_id, revoked.tokens_valid_from_ms);
  if (check_user_revocations(statements.database())) return revoked;
  return error(ErrorCode::busy, "the hub lists as many users whose tokens were revoked as it may");
}

void write_last_used(StatementCache& statements, const std::vector<TokenUse>& uses) {
  for (const TokenUse& use : uses) {
    statements.execute("UPDATE issued_tokens SET last_used = ?1 WHERE jti = ?2 AND coalesce(last_used, 0) < ?1",
                       to_unix_ms(use.used_at), use.jti);
  }
}

}  // namespace strawberry::bridge
