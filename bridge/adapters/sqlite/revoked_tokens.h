/// Takes tokens back, by line or by user, in the database that the broker plugin looks at.
///
/// A line is a token and all that were made from it: revoking one of them is revoking the first, with which the plugin
/// refuses them all.
///
/// Threading: any one thread; other processes may use the database meanwhile.   Errors: Failure naming the file.
/// Bounds: revoked_tokens_max rows; those of tokens that have expired for a day make room. user_revocations_max rows,
/// which stay.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/result.h"

namespace SQLite {
class Database;
}

namespace strawberry::bridge {

/// What the broker plugin reads (DeviceDirectory::Options); a row more and it would keep its old view.
inline constexpr std::int64_t revoked_tokens_max = 100'000;

inline constexpr std::int64_t user_revocations_max = 100'000;

struct RevokedLine {
  std::string root_jti;            // what stands in the table now
  bool is_new = false;             // false when it had been taken back before; the later of both expiries counts
  std::int64_t expires_at_ms = 0;  // the latest of the line, as far as is known
  std::int64_t live_elsewhere =
      0;  // live tokens that one of the line has asked for, and which begin lines of their own
};

/// The line that `jti` belongs to: of a token on the list that is known, else `root_jti`, else it is the token alone.
/// Durable when it returns.
Result<RevokedLine> revoke_token(const std::string& database_path, const std::string& jti, std::int64_t now_ms,
                                 std::int64_t expires_at_ms, const std::string& root_jti = {});

/// Everything issued for this user and their devices up to now. Gives the moment from which on tokens are good again:
/// the next full second, as tokens know no less. Durable when it returns.
Result<std::int64_t> revoke_user(const std::string& database_path, const std::string& user_id, std::int64_t now_ms);

/// Makes room: forgets tokens that expired more than a day ago. Fails when there are still more than
/// revoked_tokens_max. Throws SQLite::Exception.
Result<void> prune_revoked_tokens(SQLite::Database& database, std::int64_t now_ms);

/// Fails when there are more than user_revocations_max. Throws SQLite::Exception.
Result<void> check_user_revocations(SQLite::Database& database);

}  // namespace strawberry::bridge
