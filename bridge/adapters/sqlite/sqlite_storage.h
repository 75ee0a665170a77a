/// Storage on one SQLite database with one writer.
///
/// Threading, errors, bounds: as SqliteWriter.   Lifetime: destroying it finishes what was accepted.
#pragma once

#include <memory>
#include <string>

#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/ports/storage.h"

namespace strawberry::bridge {

class SqliteStorage final : public Storage {
 public:
  using Options = SqliteWriter::Options;

  static Result<std::unique_ptr<SqliteStorage>> open(asio::io_context& loop, const std::string& path, Options options);
  /// On a database that is open and up to date.
  SqliteStorage(asio::io_context& loop, std::unique_ptr<SQLite::Database> database, Options options);

  DeviceStore& devices() override { return *devices_; }
  SkillStore& skills() override { return *skills_; }
  ConversationStore& conversations() override { return *conversations_; }
  UsageStore& usage() override { return *usage_; }
  AnnouncementLedger& announcements() override { return *announcements_; }
  LimitStore& limits() override { return *limits_; }
  AuditStore& audit() override { return *audit_; }
  ExportStore& exports() override { return *exports_; }
  UserStore& users() override { return *users_; }

  Result<void> load_devices(const std::function<void(DeviceRow, std::vector<SkillRow>)>& use) override;
  Result<void> load_taken_ids(const std::function<void(std::string)>& use) override;
  Result<void> load_limits(const std::function<void(std::string, LimitKind, std::int64_t)>& use) override;
  Result<void> load_users(const std::function<void(UserRow)>& use) override;
  StorageHealth health() override;

 private:
  SqliteWriter writer_;
  const std::unique_ptr<DeviceStore> devices_;
  const std::unique_ptr<SkillStore> skills_;
  const std::unique_ptr<ConversationStore> conversations_;
  const std::unique_ptr<UsageStore> usage_;
  const std::unique_ptr<AnnouncementLedger> announcements_;
  const std::unique_ptr<LimitStore> limits_;
  const std::unique_ptr<AuditStore> audit_;
  const std::unique_ptr<ExportStore> exports_;
  const std::unique_ptr<UserStore> users_;
};

}  // namespace strawberry::bridge
