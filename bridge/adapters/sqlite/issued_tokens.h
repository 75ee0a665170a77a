/// The list of tokens that were given to somebody, by strawberryctl or by the bridge (token_rows.h), for people to look
/// at and to take back. It decides nothing: what a token may do stands in the token itself, and whether it still counts
/// in `revoked_tokens`, `user_revocations`, `devices`, `spent_tokens` and the keys, from which a row's state is read.
///
/// Threading: any one thread; other processes may use the database meanwhile.   Errors: Failure naming the file.
/// Bounds: issued_tokens_max rows. Those of tokens that have expired for listed_after_expiry_ms go; when there is no
/// room, so do all that count no longer. TokenQuery::limit rows are read at once.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/ports/token_row.h"
#include "common/text/result.h"

namespace strawberry::bridge {

inline constexpr std::int64_t issued_tokens_max = 1'000'000;
inline constexpr std::int64_t listed_after_expiry_ms = 30LL * 24 * 60 * 60 * 1000;

/// `revoked` is a token that was taken back, alone or with its line or its user, one whose device was, and one whose
/// key was retired; `spent` a one-time token that was used.
enum class TokenState { live, expired, revoked, spent };
std::string_view to_string(TokenState state);

struct IssuedToken : TokenRow {
  TokenState state = TokenState::live;  // not stored
  std::optional<std::int64_t> last_used_ms = {};
};

/// Which of them; an empty text is any.
struct TokenQuery {
  std::string user_id = {};
  std::string name = {};
  std::string jti = {};
  bool only_live = false;
  std::int64_t limit = 1'000;
};

struct TokenList {
  std::vector<IssuedToken> tokens;  // the first `limit` of them
  std::int64_t total = 0;           // how many there are
};

/// By name, those without one last, then by age. `kids` are those of the keys that tokens may be signed with.
/// Looks only, and so refuses a database that is older than this program.
Result<TokenList> issued_tokens(const std::string& database_path, const std::set<std::string>& kids,
                                std::int64_t now_ms, const TokenQuery& query = {});

/// Everybody who has a token on the list, dead ones too. As issued_tokens().
Result<std::set<std::string>> listed_users(const std::string& database_path);

/// Puts `token` on the list, as the first of its line when it names no other; durable when it returns. Gives the live
/// tokens that have its name and its principal: when there are any, and not `beside_others`, nothing was written.
/// Fails when its user's id is a device's.
Result<std::vector<IssuedToken>> record_token(const std::string& database_path, const IssuedToken& token,
                                              const std::set<std::string>& kids, bool beside_others,
                                              std::int64_t now_ms);

/// For a token that reached nobody.
Result<void> forget_token(const std::string& database_path, const std::string& jti);

}  // namespace strawberry::bridge
