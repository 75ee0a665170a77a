/// Opens the hub's database: checks what is accepted, and migrates an older one. A symbolic link is not followed
/// (common/identity/database_file.h).
///
/// Threading: any one thread.   Errors: Failure naming the file; on failure the file is as it was.
#pragma once

#include <memory>
#include <string>

#include "common/text/result.h"

namespace SQLite {
class Database;
}

namespace strawberry::bridge {

/// How long a statement waits for a lock of another process.
inline constexpr int busy_timeout_ms = 5'000;

/// The schema version this program reads and writes: the number of the newest file in schemas/sql/.
int database_version();

/// The first version whose database has accounts.
inline constexpr int version_with_accounts = 9;

/// Opens `path` for writing (WAL, durable at every commit, foreign keys on). Creates it with mode 0600 when there is
/// none; applies missing migrations, each in one transaction. Refuses, and does not change, a file that is not an
/// SQLite database, another program's database, or one of a newer version.
Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path);

/// Copies the database at `path`, as it is at one moment even if it is written to meanwhile, to the empty file `copy`.
/// The copy is complete in itself (no WAL), and checked.
Result<void> copy_database(const std::string& path, const std::string& copy);

/// Reads the whole database at `path` and returns its version. Fails when it is damaged, another program's, or of a
/// newer version.
Result<int> check_database(const std::string& path);

/// Opens `path` read-only: creates and migrates nothing. Refuses what open_database() refuses, a missing file, and a
/// version before `version_min`.
Result<std::unique_ptr<SQLite::Database>> open_database_to_read(const std::string& path,
                                                                int version_min = database_version());

/// As open_database(), for callers that only need the file to exist and to be migrated.
Result<void> migrate_database(const std::string& path);

}  // namespace strawberry::bridge
