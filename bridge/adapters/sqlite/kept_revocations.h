/// Carries revocations from a database over to the backup that replaces it.
///
/// Threading: any one thread, while no other process uses either database.   Errors: Failure naming the file; the
/// restored one is then unchanged, or only migrated.   Bounds: those of the tables.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/result.h"

namespace strawberry::bridge {

/// Migrates the database `restored`, and copies into it, in one transaction, from the one at `replaced`, which may be
/// of any earlier version and is only read:
/// - revoked tokens with their lines, users all of whose tokens were revoked (the later time counts), and used one-time
///   tokens;
/// - for each device in both: whether it is revoked, and the later of both times before which its tokens are revoked;
/// - the same time of deleted devices: where the restored database has them, they exist again, with later tokens only;
/// - the ids of users and admins, except those that a restored device has;
/// - of each account in both: its password, the lesser role, a guest's host, and whether it is disabled. One that was
///   deleted since the backup is there again, disabled; so is one that cannot be the guest that it was made.
Result<void> keep_revocations(const std::string& replaced, const std::string& restored, std::int64_t now_ms);

}  // namespace strawberry::bridge
