#include "bridge/adapters/sqlite/device_rows.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

std::optional<std::int64_t> optional_int64(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getInt64();
}

std::vector<std::string> texts_of(const SQLite::Column& column) {
  std::vector<std::string> texts;
  const auto array = json_from(text_of(column));
  if (!array.is_array()) return texts;
  for (const auto& text : array)
    if (text.is_string()) texts.push_back(text.get<std::string>());
  return texts;
}

std::string json_of(const std::vector<std::string>& texts) { return to_text(nlohmann::json(texts)); }

std::optional<std::string> json_of(const std::optional<std::vector<std::string>>& texts) {
  if (!texts) return std::nullopt;
  return json_of(*texts);
}

DeviceRow device_row(SQLite::Statement& row) {
  DeviceRow device;
  device.device_id = row.getColumn(0).getString();
  device.user_id = row.getColumn(1).getString();
  device.name = row.getColumn(2).getString();
  device.normalized_name = row.getColumn(3).getString();
  device.is_active = row.getColumn(4).getInt() != 0;
  device.tokens_valid_from_ms = row.getColumn(5).getInt64();
  device.created_at_ms = row.getColumn(6).getInt64();
  device.last_seen_ms = optional_int64(row.getColumn(7));
  device.skills_heartbeat_at_ms = optional_int64(row.getColumn(8));
  device.about.room = row.getColumn(9).getString();
  device.about.aliases = texts_of(row.getColumn(10));
  device.about.capabilities = texts_of(row.getColumn(11));
  device.about.metadata = row.getColumn(12).getString();
  return device;
}

/// Reads from column `first` on: class, function, signature, docstring, device_agnostic, confirm, input_schema.
SkillRow skill_row(SQLite::Statement& row, int first) {
  return {row.getColumn(first).getString(),       row.getColumn(first + 1).getString(),
          row.getColumn(first + 2).getString(),   row.getColumn(first + 3).getString(),
          row.getColumn(first + 4).getInt() != 0, row.getColumn(first + 5).getInt() != 0,
          row.getColumn(first + 6).getString()};
}

std::optional<std::int64_t> first_number(SQLite::Statement& statement) {
  std::optional<std::int64_t> number;
  if (statement.executeStep()) number = statement.getColumn(0).getInt64();
  statement.reset();
  return number;
}

void insert_device(StatementCache& statements, const DeviceRow& device) {
  statements.execute(
      "INSERT INTO devices (device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at,"
      " last_seen, skills_heartbeat_at, room, aliases, capabilities, metadata)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      device.device_id, device.user_id, device.name, device.normalized_name, device.is_active,
      device.tokens_valid_from_ms, device.created_at_ms, device.last_seen_ms, device.skills_heartbeat_at_ms,
      device.about.room, json_of(device.about.aliases), json_of(device.about.capabilities), device.about.metadata);
}

}  // namespace

void read_devices(StatementCache& statements, const UseDevice& use) {
  auto& devices = statements.bind(
      "SELECT device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at, last_seen,"
      " skills_heartbeat_at, room, aliases, capabilities, metadata FROM devices ORDER BY device_id");
  auto& skills = statements.bind(
      "SELECT device_id, class_name, function_name, signature, docstring, device_agnostic, confirm, input_schema"
      " FROM skills ORDER BY device_id, position");
  // Both queries are sorted by device_id, so one pass merges them.
  bool has_skill = skills.executeStep();
  while (devices.executeStep()) {
    DeviceRow device = device_row(devices);
    std::vector<SkillRow> rows;
    while (has_skill && text_of(skills.getColumn(0)) < device.device_id) has_skill = skills.executeStep();
    for (; has_skill && text_of(skills.getColumn(0)) == device.device_id; has_skill = skills.executeStep()) {
      rows.push_back(skill_row(skills, 1));
    }
    use(std::move(device), std::move(rows));
  }
  devices.reset();
  skills.reset();
}

std::optional<DeviceRow> read_device(StatementCache& statements, const std::string& device_id) {
  auto& row = statements.bind(
      "SELECT device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at, last_seen,"
      " skills_heartbeat_at, room, aliases, capabilities, metadata FROM devices WHERE device_id = ?",
      device_id);
  std::optional<DeviceRow> device;
  if (row.executeStep()) device = device_row(row);
  row.reset();
  return device;
}

std::vector<SkillRow> read_skills_of(StatementCache& statements, const std::string& device_id) {
  std::vector<SkillRow> skills;
  auto& row = statements.bind(
      "SELECT class_name, function_name, signature, docstring, device_agnostic, confirm, input_schema FROM skills"
      " WHERE device_id = ? ORDER BY position",
      device_id);
  while (row.executeStep()) skills.push_back(skill_row(row, 0));
  row.reset();
  return skills;
}

int update_device(StatementCache& statements, const std::string& device_id, const DeviceChange& change) {
  return statements.execute(
      "UPDATE devices SET name = coalesce(?, name), normalized_name = coalesce(?, normalized_name),"
      " is_active = coalesce(?, is_active), tokens_valid_from = max(tokens_valid_from, coalesce(?, 0)),"
      " room = coalesce(?, room), aliases = coalesce(?, aliases), capabilities = coalesce(?, capabilities),"
      " metadata = coalesce(?, metadata) WHERE device_id = ?",
      change.name, change.normalized_name, change.is_active, change.tokens_valid_from_ms, change.room,
      json_of(change.aliases), json_of(change.capabilities), change.metadata, device_id);
}

void read_taken_ids(StatementCache& statements, const std::function<void(std::string)>& use) {
  auto& rows = statements.bind("SELECT id FROM taken_ids ORDER BY id");
  while (rows.executeStep()) use(rows.getColumn(0).getString());
  rows.reset();
}

Reply<void> insert_taken_id(StatementCache& statements, const std::string& id, std::int64_t now_ms) {
  if (first_number(statements.bind("SELECT 1 FROM devices WHERE device_id = ?", id)))
    return error(ErrorCode::forbidden, "this id is a device's");
  statements.execute("INSERT INTO taken_ids (id, first_seen) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", id, now_ms);
  return {};
}

Reply<std::int64_t> add_device_within(StatementCache& statements, const StorageLimits& limits, DeviceRow device) {
  // Owning a device takes the owner's id, so the device's own id is checked before it is written.
  if (device.device_id == device.user_id ||
      first_number(statements.bind("SELECT 1 FROM taken_ids WHERE id = ?", device.device_id))) {
    return error(ErrorCode::forbidden, "this device_id is taken");
  }
  if (first_number(statements.bind("SELECT 1 FROM devices WHERE device_id = ?", device.user_id))) {
    return error(ErrorCode::bad_request, "this user_id is taken", {{"path", "/user_id"}});
  }
  if (first_number(statements.bind("SELECT 1 FROM users WHERE user_id = ? AND role = 'guest'", device.user_id))) {
    return error(ErrorCode::forbidden, "a guest has no devices", {{"path", "/user_id"}});
  }
  auto& twin = statements.bind(
      "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM taken_ids WHERE id = ?1)"
      " AND EXISTS (SELECT 1 FROM taken_ids WHERE lower(id) = lower(?1))",
      device.user_id);
  if (first_number(twin)) {
    return error(ErrorCode::bad_request, "there is a user whose id differs only in case: choose another",
                 {{"path", "/user_id"}});
  }
  if (auto over = check_devices(statements, limits, device.user_id)) return tl::unexpected<Error>(std::move(*over));
  const auto remembered = first_number(
      statements.bind("SELECT tokens_valid_from FROM deleted_devices WHERE device_id = ?", device.device_id));
  device.tokens_valid_from_ms = std::max(device.tokens_valid_from_ms, remembered.value_or(0));
  statements.execute("DELETE FROM deleted_devices WHERE device_id = ?", device.device_id);
  insert_device(statements, device);
  return device.tokens_valid_from_ms;
}

void remove_device(StatementCache& statements, const std::string& device_id, std::int64_t tokens_valid_from_ms) {
  statements.execute(
      "INSERT INTO deleted_devices (device_id, user_id, tokens_valid_from)"
      " SELECT device_id, user_id, max(tokens_valid_from, ?) FROM devices WHERE device_id = ?"
      " ON CONFLICT (device_id) DO UPDATE SET user_id = excluded.user_id,"
      " tokens_valid_from = max(tokens_valid_from, excluded.tokens_valid_from)",
      tokens_valid_from_ms, device_id);
  statements.execute(
      "DELETE FROM deleted_devices WHERE device_id IN (SELECT device_id FROM deleted_devices"
      " WHERE user_id = (SELECT user_id FROM devices WHERE device_id = ?)"
      " ORDER BY tokens_valid_from DESC LIMIT -1 OFFSET ?)",
      device_id, deleted_devices_per_user_max);
  statements.execute("DELETE FROM devices WHERE device_id = ?", device_id);
}

}  // namespace strawberry::bridge
