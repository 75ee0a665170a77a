#include "common/device_directory.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/ids.h"

namespace strawberry {
namespace {

constexpr int schema_version_known = 1;
// The bridge writes in WAL mode, which never blocks a reader for long; this is for a database that is being recovered.
constexpr int busy_timeout_ms = 100;

/// Lets find() look up a view without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

struct View {
  std::unordered_map<std::string, DeviceRecord, TextHash, std::equal_to<>> devices;
  TextSet owners;
  TextSet spent;
};

class SqliteDeviceDirectory final : public DeviceDirectory {
 public:
  /// Throws SQLite::Exception.
  SqliteDeviceDirectory(const std::string& path, Options options)
      : path_(path), options_(options), database_(path, SQLite::OPEN_READONLY, busy_timeout_ms) {}

  /// Why the database cannot be used; empty when it can. Throws SQLite::Exception.
  std::string check_schema() {
    const int version = database_.execAndGet("PRAGMA user_version").getInt();
    if (version == 0) return "has no tables yet";
    if (version > schema_version_known) {
      return "has schema version " + std::to_string(version) + ", newer than the " +
             std::to_string(schema_version_known) + " known here";
    }
    return {};
  }

  Result<bool> refresh() override {
    try {
      return read_if_changed();
    } catch (const std::exception& e) {
      return fail("database " + path_ + " cannot be read: " + e.what());
    }
  }

  const DeviceRecord* find(std::string_view device_id) const override {
    const auto found = view_.devices.find(device_id);
    return found == view_.devices.end() ? nullptr : &found->second;
  }

  bool has_devices(std::string_view user_id) const override { return view_.owners.contains(user_id); }

  bool is_spent(std::string_view enroll_id) const override { return view_.spent.contains(enroll_id); }

  std::vector<const DeviceRecord*> all() const override {
    std::vector<const DeviceRecord*> records;
    records.reserve(view_.devices.size());
    for (const auto& [id, record] : view_.devices) records.push_back(&record);
    std::sort(records.begin(), records.end(),
              [](const DeviceRecord* a, const DeviceRecord* b) { return a->device_id < b->device_id; });
    return records;
  }

 private:
  Result<bool> read_if_changed() {
    const std::int64_t data_version = query_number("PRAGMA data_version");
    if (data_version_ == data_version) return false;

    SQLite::Transaction snapshot(database_);
    const std::int64_t revision = query_number("SELECT revision FROM directory_revision");
    if (revision_ != revision) {
      View view;
      if (!read_devices(view) || !read_spent(view)) {
        return fail("database " + path_ + " has more than " + std::to_string(options_.devices_max) + " devices");
      }
      view_ = std::move(view);
    }
    const bool changed = std::exchange(revision_, revision) != revision;
    data_version_ = data_version;
    return changed;
  }

  std::int64_t query_number(const char* sql) { return database_.execAndGet(sql).getInt64(); }

  bool read_devices(View& view) {
    SQLite::Statement rows(database_, "SELECT device_id, user_id, name, is_active, tokens_valid_from FROM devices");
    while (rows.executeStep()) {
      DeviceRecord record{rows.getColumn(0).getString(), rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                          rows.getColumn(3).getInt() != 0, from_unix_ms(rows.getColumn(4).getInt64())};
      if (!is_valid_id(record.device_id) || !is_valid_id(record.user_id)) continue;  // nobody can be this device
      if (view.devices.size() == options_.devices_max) return false;
      view.owners.insert(record.user_id);
      std::string id = record.device_id;
      view.devices.emplace(std::move(id), std::move(record));
    }
    return true;
  }

  bool read_spent(View& view) {
    SQLite::Statement rows(database_, "SELECT enroll_id FROM spent_tokens");
    while (rows.executeStep()) {
      if (view.spent.size() == options_.devices_max) return false;
      view.spent.insert(rows.getColumn(0).getString());
    }
    return true;
  }

  std::string path_;
  Options options_;
  SQLite::Database database_;
  std::optional<std::int64_t> data_version_;
  std::optional<std::int64_t> revision_;
  View view_;
};

}  // namespace

Result<std::unique_ptr<DeviceDirectory>> DeviceDirectory::open(const std::string& path, Options options) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return fail("database " + path + " does not exist");
  try {
    auto directory = std::make_unique<SqliteDeviceDirectory>(path, options);
    if (const std::string reason = directory->check_schema(); !reason.empty()) {
      return fail("database " + path + " " + reason);
    }
    if (auto read = directory->refresh(); !read) return tl::unexpected(read.error());
    return directory;
  } catch (const std::exception& e) {
    return fail("database " + path + " cannot be opened: " + e.what());
  }
}

}  // namespace strawberry
