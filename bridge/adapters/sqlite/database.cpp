#include "bridge/adapters/sqlite/database.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "bridge/adapters/sqlite/migrations.h"
#include "common/identity/database_file.h"

namespace strawberry::bridge {
namespace {

constexpr int application_id = 0x53744875;  // 'StHu', as schemas/sql/0001_initial.sql sets it

int pragma_int(SQLite::Database& database, const std::string& pragma) {
  return database.execAndGet("PRAGMA " + pragma).getInt();
}

/// Returns why this file is not a database of the hub, or nothing.
std::string refusal(SQLite::Database& database) {
  const int version = pragma_int(database, "user_version");
  if (version > database_version()) {
    return "it has schema version " + std::to_string(version) + ", this program knows up to " +
           std::to_string(database_version()) + "; use the newer program, the file was not touched";
  }
  const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (version == 0 && empty) return {};
  if (pragma_int(database, "application_id") != application_id) return "it is another program's database";
  return {};
}

/// Creates an empty file that only its owner can read, before SQLite creates one with the process's umask.
Result<void> create_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const int error = errno;
  if (file < 0 && error == ELOOP) {
    if (const auto why = link_refusal(path); !why.empty()) return fail("cannot use database: " + why);
  }
  if (file < 0) return fail("cannot open database " + path + ": " + std::generic_category().message(error));
  ::close(file);
  return {};
}

/// SQLite does not wait by itself when two programs open a new database at once and both change its journal.
void use_write_ahead_log(SQLite::Database& database) {
  for (int attempt = 1;; ++attempt) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (const SQLite::Exception& failure) {
      if (failure.getErrorCode() != SQLITE_BUSY || attempt == open_attempts_max) throw;
    }
    pause_before_next_attempt();
  }
}

/// Checks every page and every index; returns the damage found.
std::string damage(SQLite::Database& database) {
  const std::string said = database.execAndGet("PRAGMA integrity_check(1)").getString();
  return said == "ok" ? std::string() : "it is damaged: " + said;
}

}  // namespace

int database_version() { return static_cast<int>(migrations().size()); }

Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path) {
  if (auto created = create_private(path); !created) return tl::unexpected(created.error());
  try {
    {
      SQLite::Database look = open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms);
      if (const auto why = refusal(look); !why.empty()) return fail("cannot use database " + path + ": " + why);
    }
    auto database =
        std::make_unique<SQLite::Database>(open_database_file(path, SQLite::OPEN_READWRITE, busy_timeout_ms));
    use_write_ahead_log(*database);
    database->exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    while (pragma_int(*database, "user_version") < database_version()) {
      // Read again once nobody else can write: another program may bring it up to date at the same moment.
      SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
      const int version = pragma_int(*database, "user_version");
      if (version >= database_version()) break;
      database->exec(std::string(migrations()[static_cast<std::size_t>(version)]));
      transaction.commit();
    }
    return database;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot use database " + path + ": " + failure.what());
  }
}

Result<void> copy_database(const std::string& path, const std::string& copy) {
  try {
    SQLite::Database source = open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms);
    if (const auto why = refusal(source); !why.empty()) return fail("cannot copy database " + path + ": " + why);
    const int version = pragma_int(source, "user_version");
    if (version < 1) return fail("cannot copy database " + path + ": there is nothing in it");
    SQLite::Database target = open_database_file(copy, SQLite::OPEN_READWRITE);
    {
      // Backup throws on errors only; busy and locked are return values, and must be checked: an empty copy is not
      // damaged.
      SQLite::Backup backup(target, source);
      if (const int code = backup.executeStep(-1); code != SQLITE_DONE) {
        return fail("cannot copy database " + path + ": " + sqlite3_errstr(code));
      }
    }
    target.exec("PRAGMA journal_mode = DELETE");
    if (const auto why = damage(target); !why.empty()) return fail("cannot copy database " + path + ": " + why);
    if (pragma_int(target, "user_version") != version) {
      return fail("cannot copy database " + path + ": it was brought up to date meanwhile; try again");
    }
    return {};
  } catch (const SQLite::Exception& failure) {
    return fail("cannot copy database " + path + ": " + failure.what());
  }
}

Result<int> check_database(const std::string& path) {
  try {
    SQLite::Database database = open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms);
    std::string why = refusal(database);
    const int version = pragma_int(database, "user_version");
    if (why.empty() && version < 1) why = "there is nothing in it";
    if (why.empty()) why = damage(database);
    if (!why.empty()) return fail("cannot use database " + path + ": " + why);
    return version;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot use database " + path + ": " + failure.what());
  }
}

Result<std::unique_ptr<SQLite::Database>> open_database_to_read(const std::string& path, int version_min) {
  try {
    auto database =
        std::make_unique<SQLite::Database>(open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms));
    if (const auto why = refusal(*database); !why.empty()) return fail("cannot use database " + path + ": " + why);
    if (const int version = pragma_int(*database, "user_version"); version < version_min) {
      return fail("database " + path + " has schema version " + std::to_string(version) + ", this program reads " +
                  std::to_string(version_min) + ": start the hub, or run 'strawberryctl init', to bring it up to date");
    }
    return database;
  } catch (const SQLite::Exception& failure) {
    return fail("cannot use database " + path + ": " + failure.what());
  }
}

Result<void> migrate_database(const std::string& path) {
  auto database = open_database(path);
  if (!database) return tl::unexpected(database.error());
  return {};
}

}  // namespace strawberry::bridge
