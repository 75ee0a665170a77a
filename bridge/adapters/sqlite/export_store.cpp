#include <utility>

#include "bridge/adapters/sqlite/device_rows.h"
#include "bridge/adapters/sqlite/export_rows.h"
#include "bridge/adapters/sqlite/import_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

using DevicesWithSkills = std::vector<std::pair<DeviceRow, std::vector<SkillRow>>>;

DevicesWithSkills read_some_devices(StatementCache& statements, const std::string& user_id,
                                    const std::set<std::string>& device_ids) {
  DevicesWithSkills devices;
  for (const auto& id : device_ids) {
    auto device = read_device(statements, id);
    if (!device || device->user_id != user_id) continue;
    devices.emplace_back(std::move(*device), read_skills_of(statements, id));
  }
  return devices;
}

class SqliteExportStore final : public ExportStore {
 public:
  explicit SqliteExportStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<ExportPart>> read_part(std::string user_id, ExportPlace place, std::size_t bytes_max) override {
    const auto bytes = [bytes_max](const ExportPart&) { return bytes_max; };
    return writer_.run_reading({user_id}, bytes, read_export_part, user_id, std::move(place), bytes_max);
  }
  Task<Reply<ImportCount>> import(ImportRequest request) override {
    const SqliteWriter::Place place{request.user_id, bytes_of_job * (request.records.size() + 1)};
    return writer_.run_within(place, import_records, std::move(request));
  }
  Task<Reply<DevicesWithSkills>> read_user_devices(std::string user_id, std::set<std::string> device_ids) override {
    return writer_.run({user_id}, read_some_devices, user_id, std::move(device_ids));
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<ExportStore> make_export_store(SqliteWriter& writer) {
  return std::make_unique<SqliteExportStore>(writer);
}

}  // namespace strawberry::bridge
