#include "tests/support/test_hub.h"

#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "common/contract/device_name.h"

namespace strawberry::test {
namespace {

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return content.str();
}

}  // namespace

std::unique_ptr<SQLite::Database> create_database(const std::string& path) {
  auto database = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5'000);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  database->exec("PRAGMA journal_mode = WAL");
  database->exec("PRAGMA foreign_keys = ON");
  std::set<std::string> versions;
  for (const auto& file : std::filesystem::directory_iterator(STRAWBERRY_SOURCE_DIR "/schemas/sql"))
    versions.insert(file.path().string());
  for (const std::string& version : versions) database->exec(read_file(version));
  return database;
}

void take_back_to_version(SQLite::Database& database, int version) {
  if (version < 10) {
    database.exec(
        "ALTER TABLE devices DROP COLUMN room; ALTER TABLE devices DROP COLUMN aliases;"
        "ALTER TABLE devices DROP COLUMN capabilities; ALTER TABLE devices DROP COLUMN metadata;"
        "DROP TABLE user_limits; DROP TABLE audit_lines");
  }
  if (version < 9) {
    database.exec(
        "DROP TRIGGER accounts_added; DROP TRIGGER accounts_removed; DROP TRIGGER accounts_changed;"
        "DROP TRIGGER account_owners_noted; DROP TABLE users; DROP INDEX taken_ids_by_folded_id;"
        "ALTER TABLE issued_tokens DROP COLUMN scope; ALTER TABLE issued_tokens DROP COLUMN skills;"
        "ALTER TABLE issued_tokens DROP COLUMN last_used");
  }
  if (version < 8) database.exec("ALTER TABLE skills DROP COLUMN input_schema");
  if (version < 7) {
    database.exec(
        "DROP TRIGGER user_tokens_revoked; DROP TRIGGER user_tokens_revoked_again;"
        "DROP TRIGGER user_revocations_removed; DROP TABLE user_revocations;"
        "DROP TRIGGER issued_token_added; DROP TRIGGER issued_token_removed; DROP TABLE token_counts;"
        "DROP INDEX issued_tokens_by_root; DROP INDEX issued_tokens_by_parent;"
        "DROP INDEX issued_tokens_by_holder; DROP INDEX issued_tokens_by_expiry;"
        "ALTER TABLE issued_tokens DROP COLUMN parent_jti; ALTER TABLE issued_tokens DROP COLUMN root_jti");
  }
  if (version < 6) {
    database.exec(
        "DROP TRIGGER owners_noted; DROP TRIGGER token_holders_noted; DROP TRIGGER session_owners_noted;"
        "DROP TABLE taken_ids; DROP TABLE deleted_devices");
  }
  if (version < 5) {
    database.exec(
        "DROP TRIGGER stored_session_added; DROP TRIGGER stored_session_removed; DROP TRIGGER stored_message_added;"
        "DROP TABLE user_storage");
  }
  if (version < 4) {
    database.exec(
        "DROP TRIGGER announced_devices_removed; DROP TABLE announced_topics; DROP TABLE issued_tokens;"
        "DROP TABLE chats_of_day");
  }
  if (version < 3) database.exec("DROP TABLE usage");
  if (version < 2) database.exec("DROP TABLE revoked_tokens");
  database.exec("PRAGMA user_version = " + std::to_string(version));
}

TestHub::TestHub() {
  if (auto created = KeySet::create(keys_path()); !created) throw std::runtime_error(created.error().message);
  keys_ = std::make_unique<KeySet>(value_or_throw(KeySet::load(keys_path())));
  database_ = create_database(database_path());
}

void TestHub::add_device(const std::string& device_id, const std::string& user_id, const std::string& name) {
  SQLite::Statement insert(
      *database_, "INSERT INTO devices (device_id, user_id, name, normalized_name, created_at) VALUES (?, ?, ?, ?, 0)");
  insert.bind(1, device_id);
  insert.bind(2, user_id);
  insert.bind(3, name);
  insert.bind(4, normalize_device_name(name));
  insert.exec();
}

void TestHub::delete_device(const std::string& device_id) {
  SQLite::Statement remove(*database_, "DELETE FROM devices WHERE device_id = ?");
  remove.bind(1, device_id);
  remove.exec();
}

void TestHub::set_active(const std::string& device_id, bool is_active) {
  SQLite::Statement update(*database_, "UPDATE devices SET is_active = ? WHERE device_id = ?");
  update.bind(1, is_active ? 1 : 0);
  update.bind(2, device_id);
  update.exec();
}

void TestHub::revoke_tokens(const std::string& device_id, WallTime valid_from) {
  SQLite::Statement update(*database_, "UPDATE devices SET tokens_valid_from = ? WHERE device_id = ?");
  update.bind(1, to_unix_ms(valid_from));
  update.bind(2, device_id);
  update.exec();
}

void TestHub::spend(const std::string& enroll_id) {
  SQLite::Statement insert(*database_, "INSERT INTO spent_tokens (enroll_id, spent_at) VALUES (?, 0)");
  insert.bind(1, enroll_id);
  insert.exec();
}

void TestHub::revoke_token(const std::string& jti) {
  SQLite::Statement insert(*database_, "INSERT INTO revoked_tokens (jti, revoked_at, expires_at) VALUES (?, 0, 0)");
  insert.bind(1, jti);
  insert.exec();
}

void TestHub::revoke_user(const std::string& user_id, WallTime valid_from) {
  SQLite::Statement insert(*database_, "INSERT OR REPLACE INTO user_revocations VALUES (?, ?)");
  insert.bind(1, user_id);
  insert.bind(2, to_unix_ms(valid_from));
  insert.exec();
}

std::string TestHub::token(const Principal& principal, std::chrono::seconds lifetime) const {
  Claims claims;
  claims.principal = principal;
  claims.issued_at = SystemClock().wall_now();
  claims.expires_at = claims.issued_at + lifetime;
  return value_or_throw(issue_token(*keys_, claims));
}

std::string TestHub::device_token(const std::string& device_id, const std::string& user_id) const {
  return token({PrincipalType::device, device_id, user_id});
}
std::string TestHub::user_token(const std::string& user_id) const {
  return token({PrincipalType::user, user_id, user_id});
}
std::string TestHub::admin_token() const { return token({PrincipalType::admin, "admin", ""}); }
std::string TestHub::bridge_token() const { return token({PrincipalType::bridge, "bridge", ""}); }

}  // namespace strawberry::test
