/// What a database that is put back must not forget of the one whose place it takes.
///
/// Threading: any one thread, with nobody else at either database.   Errors: Failure naming the file; the restored one
/// is then as it was, or only brought up to date.   Bounds: those of the tables.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/result.h"

namespace strawberry::bridge {

/// Brings the database `restored` up to date, and into it, in one transaction, from the one at `replaced`, which may be
/// of any earlier version and is only read:
/// - tokens that were taken back, with their lines, users all of whose tokens were (the later moment counts), and
/// one-time tokens that were used;
/// - of each device that both have: it is revoked if it was, and the later of both moments before which its tokens are
///   dead counts;
/// - the same moment of devices that had been deleted: where the restored one has them, they are there, with tokens
///   from later on only;
/// - the ids of users and admins, but for those that a restored device has.
Result<void> keep_revocations(const std::string& replaced, const std::string& restored, std::int64_t now_ms);

}  // namespace strawberry::bridge
