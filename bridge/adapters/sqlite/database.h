/// Opening the hub's database: what is accepted, and how an older one is brought up to date. A symbolic link is not
/// followed (common/identity/database_file.h).
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

/// How long a statement waits for another process's lock.
inline constexpr int busy_timeout_ms = 5'000;

/// The schema version this program reads and writes: the number of the newest file in schemas/sql/.
int database_version();

/// Opens `path` for writing (WAL, durable at every commit, foreign keys on). Creates it, mode 0600, when there is none;
/// applies the migrations it lacks, each in one transaction. Refuses, without touching it, a file that is no SQLite
/// database, another program's database, or one of a newer version.
Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path);

/// A copy of the database at `path` as it is at one moment, whoever writes to it meanwhile, in the empty file `copy`.
/// The copy is complete in itself (no WAL), and checked.
Result<void> copy_database(const std::string& path, const std::string& copy);

/// Reads all of the database at `path`: fails when it is damaged, another program's, or of a newer version. Its
/// version.
Result<int> check_database(const std::string& path);

/// Opens `path` for looking only: nothing is created and nothing brought up to date. Refuses, besides what
/// open_database() does, a file that is missing or of a version before `version_min`.
Result<std::unique_ptr<SQLite::Database>> open_database_to_read(const std::string& path,
                                                                int version_min = database_version());

/// As open_database(), for whoever only wants the file to be there and up to date.
Result<void> migrate_database(const std::string& path);

}  // namespace strawberry::bridge
