/// A token that was given to somebody, as the list of tokens has it (`issued_tokens` in the database). Plain data.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "common/identity/token_stamp.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {

struct TokenRow {
  std::string jti;
  std::string name;  // "" when it was given none
  std::string type;
  std::string subject;
  std::string user_id;
  std::string kid;
  std::int64_t issued_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::string parent_jti;  // of the token that asked for it; "" when that has none, or when nobody's did
  std::string root_jti;    // of the first of its line, which may be itself
  // As the token says; nothing when it says nothing, so that it is not limited.
  std::optional<std::string> scope = {};
  std::optional<std::string> skills = {};  // JSON array of patterns
};

/// As token_row_of() has them.
inline void put_rights(const Rights& rights, TokenRow& row) {
  if (!rights.scopes.with(Scope::any_skill).is_all()) row.scope = write_scope(rights.scopes);
  if (!rights.has(Scope::any_skill)) row.skills = to_text(nlohmann::json(rights.skills));
}

/// What a token says of itself, signed with the key `kid`.
inline TokenRow token_row_of(const Claims& claims, std::string kid) {
  TokenRow row;
  row.jti = claims.jti;
  row.type = to_string(claims.principal.type);
  row.subject = claims.principal.id;
  row.user_id = claims.principal.user_id;
  row.kid = std::move(kid);
  row.issued_at_ms = to_unix_ms(claims.issued_at);
  row.expires_at_ms = to_unix_ms(claims.expires_at);
  row.root_jti = claims.root_jti.empty() ? claims.jti : claims.root_jti;
  put_rights(claims.rights, row);
  return row;
}

/// Moves the issue of one that would be dead from its first moment to `valid_from_ms`, in whole seconds as the token
/// says it; it is good for as long as before.
inline void date_from(TokenRow& token, std::int64_t valid_from_ms) {
  const std::int64_t first_ms = (valid_from_ms + 999) / 1'000 * 1'000;
  if (token.issued_at_ms >= first_ms) return;
  token.expires_at_ms += first_ms - token.issued_at_ms;
  token.issued_at_ms = first_ms;
}

/// One that is about to be given.
struct NewToken {
  TokenRow row;
  /// The token that asks for it, and whose: it must not have been taken back. Nothing when none does.
  std::optional<AskingToken> asking;
  std::string asking_user_id;
};

}  // namespace strawberry::bridge
