/// Takes single tokens back, in the database that the broker plugin looks at.
///
/// Threading: any one thread; other processes may use the database meanwhile.   Errors: Failure naming the file.
/// Bounds: revoked_tokens_max rows; those of tokens that have expired for a day make room.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace SQLite {
class Database;
}

namespace strawberry {

/// What the broker plugin reads (DeviceDirectory::Options); a row more and it would keep its old view.
inline constexpr std::int64_t revoked_tokens_max = 100'000;

/// Durable when it returns. False when that token had been taken back before; the later of both expiries counts.
Result<bool> revoke_token(const std::string& database_path, const std::string& jti, std::int64_t now_ms,
                          std::int64_t expires_at_ms);

/// Makes room: forgets tokens that expired more than a day ago. Fails when there are still more than
/// revoked_tokens_max. Throws SQLite::Exception.
Result<void> prune_revoked_tokens(SQLite::Database& database, std::int64_t now_ms);

}  // namespace strawberry
