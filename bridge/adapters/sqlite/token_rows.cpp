#include "bridge/adapters/sqlite/token_rows.h"

#include "bridge/adapters/sqlite/issued_tokens.h"
#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "bridge/adapters/sqlite/token_state.h"
#include "common/identity/token_line.h"

namespace strawberry::bridge {
namespace {

/// Enough to go faster than rows are added.
constexpr std::int64_t pruned_at_once_max = 100;

template <class... Values>
std::int64_t number(StatementCache& statements, const char* sql, const Values&... values) {
  auto& row = statements.bind(sql, values...);
  const auto found = row.executeStep() ? row.getColumn(0).getInt64() : 0;
  row.reset();
  return found;
}

/// 0 when they are all good.
std::int64_t tokens_valid_from(StatementCache& statements, const std::string& user_id) {
  return number(statements, "SELECT tokens_valid_from FROM user_revocations WHERE user_id = ?", user_id);
}

std::optional<Error> objection_to_asking(StatementCache& statements, const AskingToken& token,
                                         const std::string& user_id) {
  const bool is_revoked =
      number(statements, "SELECT count(*) FROM revoked_tokens WHERE jti IN (?, ?)", token.jti, token.root_jti) > 0;
  if (!is_revoked && to_unix_ms(token.issued_at) >= tokens_valid_from(statements, user_id)) return std::nullopt;
  return Error{ErrorCode::forbidden, "the token that asks for another one was revoked", {}};
}

void prune(StatementCache& statements, std::int64_t before_ms) {
  statements.execute(
      "DELETE FROM issued_tokens WHERE jti IN"
      " (SELECT jti FROM issued_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
      before_ms, pruned_at_once_max);
}

Error too_many(const std::string& whose, const char* limit, std::int64_t max, std::int64_t used) {
  return {ErrorCode::quota_exceeded,
          whose + " would have more live tokens than allowed: " + std::to_string(max) +
              " (revoke what is not needed, let them expire, or have the limit raised)",
          {{"limit", limit}, {"max", max}, {"used", used}}};
}

/// How many rows the user has, dead ones included, is known without counting; only at the limit are they looked at.
std::optional<Error> too_many_of_user(StatementCache& statements, std::int64_t max, const TokenRow& token) {
  constexpr const char* count = "SELECT tokens FROM token_counts WHERE user_id = ?";
  if (max == 0 || number(statements, count, token.user_id) < max) return std::nullopt;
  statements.execute("DELETE FROM issued_tokens AS t WHERE " STRAWBERRY_TOKEN_STATE_CASES
                     " ELSE 0 END <> 0 AND t.user_id = ?2",
                     token.issued_at_ms, token.user_id);
  const auto used = number(statements, count, token.user_id);
  if (used < max) return std::nullopt;
  return too_many("the user", "tokens_per_user_max", max, used);
}

std::optional<Error> too_many_of_principal(StatementCache& statements, std::int64_t max, const TokenRow& token) {
  constexpr const char* count =
      "SELECT count(*) FROM issued_tokens WHERE user_id = ? AND subject = ? AND expires_at > ?";
  if (max == 0 || number(statements, count, token.user_id, token.subject, token.issued_at_ms) < max)
    return std::nullopt;
  statements.execute("DELETE FROM issued_tokens AS t WHERE " STRAWBERRY_TOKEN_STATE_CASES
                     " ELSE 0 END <> 0 AND t.user_id = ?2 AND t.subject = ?3",
                     token.issued_at_ms, token.user_id, token.subject);
  const auto used = number(statements, count, token.user_id, token.subject, token.issued_at_ms);
  if (used < max) return std::nullopt;
  return too_many("its holder", "tokens_per_principal_max", max, used);
}

bool is_full(StatementCache& statements) {
  return number(statements, "SELECT tokens FROM token_counts WHERE user_id = '*'") >= issued_tokens_max;
}

/// One that continues a line goes by the name of that.
void insert(StatementCache& statements, const TokenRow& token) {
  statements.execute(
      "INSERT INTO issued_tokens"
      " (jti, name, type, subject, user_id, kid, issued_at, expires_at, parent_jti, root_jti, scope, skills) VALUES "
      "(?1,"
      " coalesce((SELECT name FROM issued_tokens WHERE jti = ?9 AND ?2 = '' AND ?10 <> ?1), ?2),"
      " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      token.jti, token.name, token.type, token.subject, token.user_id, token.kid, token.issued_at_ms,
      token.expires_at_ms, token.parent_jti, token.root_jti, token.scope, token.skills);
}

}  // namespace

Reply<void> add_token_within(StatementCache& statements, const StorageLimits& limits,
                             const std::optional<NewToken>& token) {
  if (!token) return {};
  const TokenRow& row = token->row;
  if (token->asking) {
    if (auto problem = objection_to_asking(statements, *token->asking, token->asking_user_id))
      return tl::unexpected<Error>(std::move(*problem));
  }
  if (row.issued_at_ms < tokens_valid_from(statements, row.user_id)) {
    return error(ErrorCode::busy, "all of the user's tokens were revoked this second", {{"retry_after_ms", 1000}});
  }
  prune(statements, row.issued_at_ms - listed_after_expiry_ms);
  auto over = too_many_of_principal(statements, limits.tokens_per_principal_max, row);
  if (!over) over = too_many_of_user(statements, limits.tokens_per_user_max, row);
  if (over) return tl::unexpected<Error>(std::move(*over));
  if (is_full(statements)) {
    prune(statements, row.issued_at_ms);
    if (is_full(statements)) return error(ErrorCode::busy, "the hub has as many tokens on its list as it may");
  }
  insert(statements, row);
  return {};
}

Reply<void> revoke_line_within(StatementCache& statements, const std::string& root_jti, std::int64_t now_ms,
                               std::int64_t expires_at_ms) {
  statements.execute("DELETE FROM revoked_tokens WHERE expires_at < ?", now_ms - one_time_kept_ms);
  statements.execute(
      "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, ?, ?)"
      " ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
      root_jti, now_ms, expires_at_ms);
  if (number(statements, "SELECT count(*) FROM revoked_tokens") <= revoked_tokens_max) return {};
  return error(ErrorCode::busy, "the hub has as many revoked tokens on its list as it may");
}

Reply<bool> renew_program_within(StatementCache& statements, const StorageLimits& limits, NewToken renewal,
                                 NewToken access) {
  const std::int64_t now_ms = renewal.row.issued_at_ms;
  const std::string& old = renewal.row.parent_jti;
  if (renewal.asking) {
    if (auto problem = objection_to_asking(statements, *renewal.asking, renewal.asking_user_id))
      return tl::unexpected<Error>(std::move(*problem));
  }
  auto& found = statements.bind("SELECT name FROM issued_tokens WHERE jti = ? AND type = 'grant'", old);
  const bool is_newest = found.executeStep();
  if (is_newest) renewal.row.name = access.row.name = found.getColumn(0).getString();
  found.reset();
  if (!is_newest) {
    auto revoked = revoke_line_within(statements, renewal.row.root_jti, now_ms, renewal.row.expires_at_ms);
    if (!revoked) return tl::unexpected(revoked.error());
    return false;
  }
  // Of its line only what is good stays on the list: a program renews its tokens for years.
  statements.execute("DELETE FROM issued_tokens WHERE jti = ? OR (root_jti = ? AND expires_at <= ?)", old,
                     renewal.row.root_jti, now_ms);
  for (const NewToken* token : {&renewal, &access}) {
    if (auto added = add_token_within(statements, limits, *token); !added) return tl::unexpected(added.error());
  }
  return true;
}

void forget_spent_grants(StatementCache& statements, std::int64_t now_ms) {
  statements.execute("DELETE FROM spent_tokens WHERE enroll_id GLOB ? AND spent_at < ?",
                     std::string(sign_in_id_prefix) + "*", now_ms - one_time_kept_ms);
}

}  // namespace strawberry::bridge
