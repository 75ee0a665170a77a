#include "bridge/adapters/sqlite/sqlite_storage.h"

#include <filesystem>
#include <utility>

#include "bridge/adapters/sqlite/database.h"
#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/limit_rows.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stores.h"
#include "bridge/adapters/sqlite/user_rows.h"

namespace strawberry::bridge {

Result<std::unique_ptr<SqliteStorage>> SqliteStorage::open(asio::io_context& loop, const std::string& path,
                                                           Options options) {
  auto database = open_database(path);
  if (!database) return tl::unexpected(database.error());
  return std::make_unique<SqliteStorage>(loop, std::move(*database), std::move(options));
}

SqliteStorage::SqliteStorage(asio::io_context& loop, std::unique_ptr<SQLite::Database> database, Options options)
    : writer_(loop, std::move(database), std::move(options)),
      devices_(make_device_store(writer_)),
      skills_(make_skill_store(writer_)),
      conversations_(make_conversation_store(writer_)),
      usage_(make_usage_store(writer_)),
      announcements_(make_announcement_ledger(writer_)),
      limits_(make_limit_store(writer_)),
      audit_(make_audit_store(writer_)),
      exports_(make_export_store(writer_)),
      users_(make_user_store(writer_)) {}

Result<void> SqliteStorage::load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use) {
  return writer_.read_first([&use](StatementCache& statements) { read_devices(statements, use); });
}

Result<void> SqliteStorage::load_taken_ids(const std::function<void(std::string)>& use) {
  return writer_.read_first([&use](StatementCache& statements) { read_taken_ids(statements, use); });
}

Result<void> SqliteStorage::load_limits(const std::function<void(std::string, LimitKind, std::int64_t)>& use) {
  return writer_.read_first([&use](StatementCache& statements) { read_all_limits(statements, use); });
}

Result<void> SqliteStorage::load_users(const std::function<void(UserRow)>& use) {
  return writer_.read_first([&use](StatementCache& statements) { read_users(statements, use); });
}

StorageHealth SqliteStorage::health() {
  StorageHealth health;
  health.jobs_waiting = writer_.jobs_waiting();
  health.bytes_waiting = writer_.bytes_waiting();
  std::error_code ignored;
  health.bytes_stored = static_cast<std::int64_t>(std::filesystem::file_size(writer_.path(), ignored));
  const auto disk = writer_.disk();
  health.disk_free_bytes = disk.free_bytes;
  health.disk_low = disk.is_low;
  return health;
}

}  // namespace strawberry::bridge
