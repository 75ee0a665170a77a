/// Revokes tokens, by line or by user, in the database that the broker plugin reads.
///
/// A line is a token and all that were made from it: revoking one of them revokes the first, and the plugin then
/// refuses them all.
///
/// Threading: any one thread; other processes may use the database meanwhile.   Errors: Failure naming the file.
/// Bounds: revoked_tokens_max rows; those of tokens that expired a day ago are deleted. user_revocations_max rows,
/// which stay.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/result.h"

namespace SQLite {
class Database;
}

namespace strawberry::bridge {

/// The most that the broker plugin reads (DeviceDirectory::Options); with a row more it would keep its old view.
inline constexpr std::int64_t revoked_tokens_max = 100'000;

inline constexpr std::int64_t user_revocations_max = 100'000;

struct RevokedLine {
  std::string root_jti;             // as stored in the table
  bool is_new = false;              // false when it was revoked before; the later of both expiries counts
  std::int64_t expires_at_ms = 0;   // the latest known of the line
  std::int64_t live_elsewhere = 0;  // live tokens requested by one of the line that begin lines of their own
};

/// Revokes the line that `jti` belongs to: that of the listed token, else `root_jti`, else the token alone. Durable
/// when it returns.
Result<RevokedLine> revoke_token(const std::string& database_path, const std::string& jti, std::int64_t now_ms,
                                 std::int64_t expires_at_ms, const std::string& root_jti = {});

/// Revokes everything issued for this user and their devices up to now. Returns the time from which on tokens are valid
/// again: the next full second, since tokens have whole seconds. Durable when it returns.
Result<std::int64_t> revoke_user(const std::string& database_path, const std::string& user_id, std::int64_t now_ms);

/// The time from which on tokens are valid again that are revoked at `now_ms`: the next full second.
std::int64_t valid_again_ms(std::int64_t now_ms);

/// Notes that a user's tokens are valid from a time on, or later if that is noted: user id, Unix time in ms.
inline constexpr const char* note_user_revocation_sql =
    "INSERT INTO user_revocations (user_id, tokens_valid_from) VALUES (?, ?) "
    "ON CONFLICT (user_id) DO UPDATE SET tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)";

/// Deletes revocations of tokens that expired more than a day ago. Fails when there are still more than
/// revoked_tokens_max. Throws SQLite::Exception.
Result<void> prune_revoked_tokens(SQLite::Database& database, std::int64_t now_ms);

/// Fails when there are more than user_revocations_max. Throws SQLite::Exception.
Result<void> check_user_revocations(SQLite::Database& database);

}  // namespace strawberry::bridge
