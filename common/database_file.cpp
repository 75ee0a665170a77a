#include "common/database_file.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>

namespace strawberry {
namespace {

namespace fs = std::filesystem;

/// SQLite refuses a link anywhere in the path, so the directory is given as what it really is.
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

/// The look is for the words alone: what becomes a link after it, SQLite does not follow either. It opens the files
/// beside the database with O_NOFOLLOW always.
SQLite::Database open_database_file(const std::string& path, int flags, int busy_timeout_ms) {
  for (const std::string& file : files_of_database(path)) {
    if (const std::string why = link_refusal(file); !why.empty()) throw SQLite::Exception(why);
  }
  return {direct_path(path), flags | SQLITE_OPEN_NOFOLLOW, busy_timeout_ms};
}

}  // namespace strawberry
