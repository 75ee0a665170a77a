/// An issued token, as an entry of the list of tokens (`issued_tokens` in the database). Plain data.
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
  std::string name;  // "" for none
  std::string type;
  std::string subject;
  std::string user_id;
  std::string kid;
  std::int64_t issued_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::string parent_jti;  // of the requesting token; "" without one, or when it has no jti
  std::string root_jti;    // of the first token of its line, which may be this one
  // As in the token; nothing when the token does not have it, and so is not limited.
  std::optional<std::string> scope = {};
  std::optional<std::string> skills = {};  // JSON array of patterns
};

/// Writes the rights into the row, in the form of token_row_of().
inline void put_rights(const Rights& rights, TokenRow& row) {
  if (!rights.scopes.with(Scope::any_skill).is_all()) row.scope = write_scope(rights.scopes);
  if (!rights.has(Scope::any_skill)) row.skills = to_text(nlohmann::json(rights.skills));
}

/// Returns the entry for the claims of a token signed with the key `kid`.
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

/// Moves the issue time of a token that would be revoked from its first moment to `valid_from_ms`, in whole seconds as
/// in the token; its lifetime stays the same.
inline void date_from(TokenRow& token, std::int64_t valid_from_ms) {
  const std::int64_t first_ms = (valid_from_ms + 999) / 1'000 * 1'000;
  if (token.issued_at_ms >= first_ms) return;
  token.expires_at_ms += first_ms - token.issued_at_ms;
  token.issued_at_ms = first_ms;
}

/// A token to be issued.
struct NewToken {
  TokenRow row;
  /// The token that requests it, and its holder: it must not have been revoked. Nullopt: no token asked.
  std::optional<AskingToken> asking;
  std::string asking_user_id;
};

}  // namespace strawberry::bridge
