#include "common/identity/database_file.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>
#include <thread>

namespace strawberry {
namespace {

namespace fs = std::filesystem;

/// SQLite refuses a link anywhere in the path, so this returns the directory's path without links.
std::string direct_path(const std::string& path) {
  const fs::path file(path);
  std::error_code error;
  const fs::path directory = fs::canonical(file.has_parent_path() ? file.parent_path() : fs::path("."), error);
  return error ? path : (directory / file.filename()).string();
}

}  // namespace

std::vector<std::string> files_of_database(const std::string& path) {
  return {path, path + "-wal", path + "-shm", path + "-journal"};
}

std::string link_refusal(const std::string& path) {
  std::error_code missing;
  if (!fs::is_symlink(fs::symlink_status(path, missing))) return {};
  return path + " is a symbolic link, and those are not followed: put the file itself there, or remove the link";
}

void pause_before_next_attempt() { std::this_thread::sleep_for(open_pause); }

/// The check for links is only for the message. SQLite itself does not follow a path that becomes a link afterwards,
/// and always opens the files beside the database with O_NOFOLLOW.
SQLite::Database open_database_file(const std::string& path, int flags, int busy_timeout_ms,
                                    const std::function<void()>& pause) {
  for (const std::string& file : files_of_database(path)) {
    if (const std::string why = link_refusal(file); !why.empty()) throw SQLite::Exception(why);
  }
  for (int attempt = 1;; ++attempt) {
    SQLite::Database database(direct_path(path), flags | SQLITE_OPEN_NOFOLLOW, busy_timeout_ms);
    try {
      database.execAndGet("PRAGMA schema_version");  // opens the files beside the database
      return database;
    } catch (const SQLite::Exception& failure) {
      if (failure.getErrorCode() != SQLITE_CANTOPEN || attempt == open_attempts_max) throw;
    }
    pause();
  }
}

}  // namespace strawberry
