#include "bridge/adapters/sqlite/database_health.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "bridge/adapters/sqlite/database.h"
#include "common/identity/database_file.h"

namespace strawberry::bridge {
namespace {

std::string write_problem(const std::string& path) {
  try {
    SQLite::Database database = open_database_file(path, SQLite::OPEN_READWRITE, busy_timeout_ms);
    database.exec("BEGIN IMMEDIATE");
    database.exec("ROLLBACK");
    return {};
  } catch (const SQLite::Exception& failure) {
    return failure.what();
  }
}

}  // namespace

Result<DatabaseHealth> examine_database(const std::string& path) {
  DatabaseHealth health;
  try {
    SQLite::Database database = open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms);
    health.version = database.execAndGet("PRAGMA user_version").getInt();
    const std::string said = database.execAndGet("PRAGMA quick_check(1)").getString();
    if (said != "ok") health.damage = said;
  } catch (const SQLite::Exception& failure) {
    return fail(failure.what());
  }
  health.write_problem = write_problem(path);
  return health;
}

}  // namespace strawberry::bridge
