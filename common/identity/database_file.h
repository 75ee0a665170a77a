/// Opens the hub's SQLite file, and never by way of a symbolic link in its place or in that of one of the files SQLite
/// keeps beside it: in a data directory that is shared, whoever may write to it could lead root anywhere. The directory
/// itself may be reached by links.
///
/// Threading: any, no state.   Errors: SQLite::Exception; the one for a link names it and says what to do.
/// Bounds: waits for at most open_attempts_max times open_pause, besides `busy_timeout_ms`.
#pragma once

#include <SQLiteCpp/Database.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace strawberry {

inline constexpr int open_attempts_max = 10;
inline constexpr std::chrono::milliseconds open_pause{20};

/// Sleeps for open_pause.
void pause_before_next_attempt();

/// `flags`: SQLite::OPEN_READONLY or SQLite::OPEN_READWRITE. Tries again when the file is there and SQLite cannot open
/// one of those beside it: another user's process that opens the database at the same moment makes them, and SQLite
/// sets their mode only after that. `pause` is called before each further attempt.
SQLite::Database open_database_file(const std::string& path, int flags, int busy_timeout_ms = 0,
                                    const std::function<void()>& pause = pause_before_next_attempt);

/// `path`, and what SQLite keeps beside it.
std::vector<std::string> files_of_database(const std::string& path);
/// What to say when `path` itself is a symbolic link; empty when it is none.
std::string link_refusal(const std::string& path);

}  // namespace strawberry
