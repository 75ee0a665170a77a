/// Opens the hub's SQLite file, but not through a symbolic link in its place or in that of a file which SQLite keeps
/// beside it: another user who may write to a shared data directory could redirect root to any file. The directory
/// itself may be reached through links.
///
/// Threading: any, no state.   Errors: SQLite::Exception; the one for a link names it and says what to do.
/// Bounds: retries at most open_attempts_max times after open_pause, besides `busy_timeout_ms`.
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

/// `flags`: SQLite::OPEN_READONLY or SQLite::OPEN_READWRITE. Retries when the file exists and SQLite cannot open one of
/// those beside it: a process of another user that opens the database at the same moment creates them first and sets
/// their mode only afterwards. `pause` is called before each further attempt.
SQLite::Database open_database_file(const std::string& path, int flags, int busy_timeout_ms = 0,
                                    const std::function<void()>& pause = pause_before_next_attempt);

/// Returns `path` and the paths of the files that SQLite keeps beside it.
std::vector<std::string> files_of_database(const std::string& path);
/// Returns the error for a `path` that is itself a symbolic link; empty when it is not one.
std::string link_refusal(const std::string& path);

}  // namespace strawberry
