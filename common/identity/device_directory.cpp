#include "common/identity/device_directory.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/contract/topics.h"
#include "common/identity/database_file.h"
#include "common/text/by_text.h"
#include "common/text/ids.h"

namespace strawberry {
namespace {

constexpr int schema_version_known = 10;
constexpr int schema_version_with_revoked_tokens = 2;
constexpr int schema_version_with_announcements = 4;
constexpr int schema_version_with_taken_ids = 6;
constexpr int schema_version_with_user_revocations = 7;
constexpr int schema_version_with_accounts = 9;
// The bridge writes in WAL mode, which never blocks a reader for long; the timeout matters while a database is
// recovered.
constexpr int busy_timeout_ms = 100;

using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

struct View {
  ByText<DeviceRecord> devices;
  TextSet owners;
  TextSet spent;
  TextSet revoked;
  ByText<std::string> former_owners;
  ByText<WallTime> users_valid_from;
  ByText<UserStanding> standings;  // of users with an account that differs from the defaults
};

const UserStanding& member_standing() {
  static const UserStanding member;
  return member;
}

#define STRAWBERRY_SELECT_DEVICES "SELECT device_id, user_id, name, is_active, tokens_valid_from FROM devices"

/// Returns nothing for a row whose id is not valid.
std::optional<DeviceRecord> read_device(SQLite::Statement& row) {
  DeviceRecord record{row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
                      row.getColumn(3).getInt() != 0, from_unix_ms(row.getColumn(4).getInt64())};
  if (!is_valid_id(record.device_id) || !is_valid_id(record.user_id)) return std::nullopt;
  return record;
}

#define STRAWBERRY_SELECT_STANDINGS "SELECT user_id, role, guest_of, is_disabled FROM users"

/// A user with an unknown role is disabled, since its permissions are unknown.
UserStanding read_standing(SQLite::Statement& row) {
  const auto role = parse_role(row.getColumn(1).getString());
  return {role.value_or(Role::guest), row.getColumn(2).getString(), !role || row.getColumn(3).getInt() != 0};
}

/// Returns the device and inode of the file behind a path; nothing when there is none.
std::optional<std::pair<dev_t, ino_t>> identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

/// One open database file. Every function throws SQLite::Exception.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : database_(open_database_file(path, SQLite::OPEN_READONLY, busy_timeout_ms)),
        data_version_(database_, "PRAGMA data_version"),
        schema_version_(database_, "PRAGMA user_version") {}

  /// Changes with every commit of another connection.
  std::int64_t data_version() { return number(data_version_); }
  int schema_version() { return static_cast<int>(number(schema_version_)); }
  std::int64_t revision() { return number(prepared(revision_, "SELECT revision FROM directory_revision")); }

  /// False when there are more than `rows_max` of a kind.
  bool read(View& view, std::size_t rows_max) {
    SQLite::Statement devices(database_, STRAWBERRY_SELECT_DEVICES);
    while (devices.executeStep()) {
      auto record = read_device(devices);
      if (!record) continue;
      if (view.devices.size() == rows_max) return false;
      view.owners.insert(record->user_id);
      std::string id = record->device_id;
      view.devices.emplace(std::move(id), std::move(*record));
    }
    if (!read_ids("SELECT enroll_id FROM spent_tokens", view.spent, rows_max)) return false;
    if (has_revoked_tokens() && !read_ids("SELECT jti FROM revoked_tokens", view.revoked, rows_max)) return false;
    if (has_user_revocations() && !read_users_valid_from(view, rows_max)) return false;
    if (has_accounts() && !read_standings(view, rows_max)) return false;
    return schema_version() < schema_version_with_announcements || read_former_owners(view, rows_max);
  }

  std::optional<DeviceRecord> device(std::string_view device_id) {
    const Row row(prepared(one_device_, STRAWBERRY_SELECT_DEVICES " WHERE device_id = ?"), device_id);
    return row.found ? read_device(row.statement) : std::nullopt;
  }
  bool is_spent(std::string_view enroll_id) {
    return Row(prepared(one_spent_, "SELECT 1 FROM spent_tokens WHERE enroll_id = ?"), enroll_id).found;
  }
  bool is_revoked(std::string_view jti) {
    return has_revoked_tokens() && Row(prepared(one_revoked_, "SELECT 1 FROM revoked_tokens WHERE jti = ?"), jti).found;
  }

  /// The epoch when the user has no such row.
  WallTime tokens_valid_from(std::string_view user_id) {
    if (!has_user_revocations()) return {};
    const Row row(prepared(one_user_, "SELECT tokens_valid_from FROM user_revocations WHERE user_id = ?"), user_id);
    return row.found ? from_unix_ms(row.statement.getColumn(0).getInt64()) : WallTime{};
  }

  UserStanding standing_of(std::string_view user_id) {
    if (!has_accounts()) return {};
    const Row row(prepared(one_account_, STRAWBERRY_SELECT_STANDINGS " WHERE user_id = ?"), user_id);
    return row.found ? read_standing(row.statement) : UserStanding{};
  }

  bool is_taken(std::string_view id) {
    return schema_version() >= schema_version_with_taken_ids &&
           Row(prepared(one_taken_, "SELECT 1 FROM taken_ids WHERE id = ?"), id).found;
  }

  SQLite::Database& database() { return database_; }

 private:
  using Statement = std::optional<SQLite::Statement>;

  /// Finds the row with this key, and resets the statement afterwards: otherwise it would keep its snapshot of the
  /// database.
  struct Row {
    Row(SQLite::Statement& prepared_statement, std::string_view key) : statement(prepared_statement) {
      statement.bind(1, std::string(key));
      found = statement.executeStep();
    }
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;
    ~Row() { statement.tryReset(); }

    SQLite::Statement& statement;
    bool found = false;
  };

  SQLite::Statement& prepared(Statement& statement, const char* sql) {
    if (!statement) statement.emplace(database_, sql);
    return *statement;
  }
  static std::int64_t number(SQLite::Statement& statement) {
    const std::int64_t value = statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
    statement.reset();
    return value;
  }
  bool has_revoked_tokens() { return schema_version() >= schema_version_with_revoked_tokens; }
  bool has_user_revocations() { return schema_version() >= schema_version_with_user_revocations; }
  bool has_accounts() { return schema_version() >= schema_version_with_accounts; }

  bool read_ids(const char* sql, TextSet& ids, std::size_t rows_max) {
    SQLite::Statement rows(database_, sql);
    while (rows.executeStep()) {
      if (ids.size() == rows_max) return false;
      ids.insert(rows.getColumn(0).getString());
    }
    return true;
  }

  bool read_users_valid_from(View& view, std::size_t rows_max) {
    SQLite::Statement rows(database_, "SELECT user_id, tokens_valid_from FROM user_revocations");
    while (rows.executeStep()) {
      if (view.users_valid_from.size() == rows_max) return false;
      view.users_valid_from.emplace(rows.getColumn(0).getString(), from_unix_ms(rows.getColumn(1).getInt64()));
    }
    return true;
  }

  bool read_standings(View& view, std::size_t rows_max) {
    SQLite::Statement rows(database_, STRAWBERRY_SELECT_STANDINGS " WHERE role <> 'member' OR is_disabled");
    while (rows.executeStep()) {
      if (view.standings.size() == rows_max) return false;
      view.standings.emplace(rows.getColumn(0).getString(), read_standing(rows));
    }
    return true;
  }

  bool read_former_owners(View& view, std::size_t rows_max) {
    SQLite::Statement rows(database_, "SELECT topic, user_id FROM announced_topics WHERE is_orphan = 1");
    while (rows.executeStep()) {
      if (view.former_owners.size() == rows_max) return false;
      view.former_owners.emplace(announced_id(rows.getColumn(0).getString()), rows.getColumn(1).getString());
    }
    return true;
  }

  SQLite::Database database_;
  SQLite::Statement data_version_;
  SQLite::Statement schema_version_;
  Statement revision_;
  Statement one_device_;
  Statement one_spent_;
  Statement one_revoked_;
  Statement one_user_;
  Statement one_account_;
  Statement one_taken_;
};

void set_member(TextSet& set, std::string_view id, bool is_member) {
  if (is_member) {
    set.emplace(id);
  } else if (const auto found = set.find(id); found != set.end()) {
    set.erase(found);
  }
}

class SqliteDeviceDirectory final : public DeviceDirectory {
 public:
  SqliteDeviceDirectory(std::string path, Options options) : path_(std::move(path)), options_(options) {}

  Result<bool> refresh() override {
    return guarded([this]() -> Result<bool> {
      const auto file = identity_of(path_);
      if (!file) return fail("database " + path_ + " does not exist");
      if (file == file_ && data_version_ == reader_->data_version()) return false;
      if (file != file_) {
        if (auto opened = open_file(*file); !opened) return tl::unexpected(opened.error());
      }
      return read_all();
    });
  }

  Result<void> refresh_one(const Lookup& lookup) override {
    const auto read = guarded([&]() -> Result<bool> {
      if (!reader_) return false;
      const std::int64_t data_version = reader_->data_version();
      if (data_version_ != data_version) {
        SQLite::Transaction snapshot(reader_->database());
        if (revision_ != reader_->revision()) {
          read_one(lookup);
          return true;
        }
        data_version_ = data_version;  // another part of the database was written
      }
      return false;
    });
    if (!read) return tl::unexpected(read.error());
    return {};
  }

  const DeviceRecord* find(std::string_view device_id) const override {
    const auto found = view_.devices.find(device_id);
    return found == view_.devices.end() ? nullptr : &found->second;
  }
  std::string_view former_owner_of(std::string_view device_id) const override {
    const auto found = view_.former_owners.find(device_id);
    return found == view_.former_owners.end() ? std::string_view() : found->second;
  }
  std::size_t size() const override { return view_.devices.size(); }
  bool has_devices(std::string_view user_id) const override { return view_.owners.contains(user_id); }
  bool is_spent(std::string_view enroll_id) const override { return view_.spent.contains(enroll_id); }
  // Most hubs have none of these: then nothing is hashed.
  bool is_revoked(std::string_view jti) const override {
    return !jti.empty() && !view_.revoked.empty() && view_.revoked.contains(jti);
  }
  WallTime tokens_valid_from(std::string_view user_id) const override {
    if (view_.users_valid_from.empty()) return {};
    const auto found = view_.users_valid_from.find(user_id);
    return found == view_.users_valid_from.end() ? WallTime{} : found->second;
  }

  const UserStanding& standing_of(std::string_view user_id) const override {
    if (view_.standings.empty()) return member_standing();
    const auto found = view_.standings.find(user_id);
    return found == view_.standings.end() ? member_standing() : found->second;
  }

  bool is_taken(std::string_view id) override {
    const auto read = guarded([&]() -> Result<bool> { return reader_ && reader_->is_taken(id); });
    return read && *read;
  }

  std::vector<const DeviceRecord*> all() const override {
    std::vector<const DeviceRecord*> records;
    records.reserve(view_.devices.size());
    for (const auto& [id, record] : view_.devices) records.push_back(&record);
    std::sort(records.begin(), records.end(),
              [](const DeviceRecord* a, const DeviceRecord* b) { return a->device_id < b->device_id; });
    return records;
  }

 private:
  template <class Read>
  Result<bool> guarded(Read read) {
    try {
      return read();
    } catch (const std::exception& e) {
      return fail("database " + path_ + " cannot be read: " + e.what());
    }
  }

  Result<void> open_file(std::pair<dev_t, ino_t> file) {
    auto reader = std::make_unique<Reader>(path_);
    const int version = reader->schema_version();
    if (version == 0) return fail("database " + path_ + " has no tables yet");
    if (version > schema_version_known) {
      return fail("database " + path_ + " has schema version " + std::to_string(version) + ", newer than the " +
                  std::to_string(schema_version_known) + " known here");
    }
    reader_ = std::move(reader);
    file_ = file;
    data_version_.reset();
    revision_.reset();
    return {};
  }

  Result<bool> read_all() {
    const std::int64_t data_version = reader_->data_version();
    SQLite::Transaction snapshot(reader_->database());
    const std::int64_t revision = reader_->revision();
    if (revision_ != revision) {
      View view;
      if (!reader_->read(view, options_.devices_max)) {
        return fail("database " + path_ + " has more than " + std::to_string(options_.devices_max) + " devices");
      }
      view_ = std::move(view);
    }
    const bool changed = std::exchange(revision_, revision) != revision;
    data_version_ = data_version;
    return changed;
  }

  void read_one(const Lookup& lookup) {
    const std::string_view principal_id = lookup.principal_id;
    auto device = reader_->device(principal_id);
    const auto known = view_.devices.find(principal_id);
    if (!device) {
      if (known != view_.devices.end()) {
        view_.former_owners.emplace(known->first, known->second.user_id);
        view_.devices.erase(known);
      }
    } else if (known != view_.devices.end()) {
      known->second = std::move(*device);
    } else if (view_.devices.size() < options_.devices_max) {
      view_.owners.insert(device->user_id);
      view_.devices.emplace(std::string(principal_id), std::move(*device));
    }
    set_member(view_.spent, principal_id, reader_->is_spent(principal_id));
    for (const std::string_view jti : {lookup.jti, lookup.root_jti}) {
      if (!jti.empty()) set_member(view_.revoked, jti, reader_->is_revoked(jti));
    }
    if (!lookup.user_id.empty()) read_user(lookup.user_id);
  }

  void read_user(std::string_view user_id) {
    const WallTime valid_from = reader_->tokens_valid_from(user_id);
    const auto known = view_.users_valid_from.find(user_id);
    if (known != view_.users_valid_from.end()) {
      known->second = valid_from;
    } else if (valid_from != WallTime{} && view_.users_valid_from.size() < options_.devices_max) {
      view_.users_valid_from.emplace(std::string(user_id), valid_from);
    }
    read_standing_of(user_id);
  }

  void read_standing_of(std::string_view user_id) {
    UserStanding standing = reader_->standing_of(user_id);
    const auto known = view_.standings.find(user_id);
    if (known != view_.standings.end()) {
      known->second = std::move(standing);
    } else if (standing != UserStanding{} && view_.standings.size() < options_.devices_max) {
      view_.standings.emplace(std::string(user_id), std::move(standing));
    }
  }

  std::string path_;
  Options options_;
  std::unique_ptr<Reader> reader_;
  std::optional<std::pair<dev_t, ino_t>> file_;
  std::optional<std::int64_t> data_version_;
  std::optional<std::int64_t> revision_;
  View view_;
};

}  // namespace

Result<std::unique_ptr<DeviceDirectory>> DeviceDirectory::open(const std::string& path, Options options) {
  auto directory = std::make_unique<SqliteDeviceDirectory>(path, options);
  if (auto read = directory->refresh(); !read) return tl::unexpected(read.error());
  return directory;
}

}  // namespace strawberry
