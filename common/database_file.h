/// Opens the hub's SQLite file, and never by way of a symbolic link in its place or in that of one of the files SQLite
/// keeps beside it: in a data directory that is shared, whoever may write to it could lead root anywhere. The directory
/// itself may be reached by links.
///
/// Threading: any, no state.   Errors: SQLite::Exception; the one for a link names it and says what to do.
#pragma once

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

namespace strawberry {

/// `flags`: SQLite::OPEN_READONLY or SQLite::OPEN_READWRITE.
SQLite::Database open_database_file(const std::string& path, int flags, int busy_timeout_ms = 0);

/// `path`, and what SQLite keeps beside it.
std::vector<std::string> files_of_database(const std::string& path);
/// What to say when `path` itself is a symbolic link; empty when it is none.
std::string link_refusal(const std::string& path);

}  // namespace strawberry
