#include "bridge/adapters/sqlite/rows.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace strawberry {
namespace {

std::optional<std::int64_t> optional_int64(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getInt64();
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
  return device;
}

std::string_view text_of(const SQLite::Column& column) {
  const char* text = column.getText();
  return {text, static_cast<std::size_t>(column.getBytes())};
}

/// From column `first` on: class, function, signature, docstring, device_agnostic, confirm, input_schema.
SkillRow skill_row(SQLite::Statement& row, int first) {
  return {row.getColumn(first).getString(),       row.getColumn(first + 1).getString(),
          row.getColumn(first + 2).getString(),   row.getColumn(first + 3).getString(),
          row.getColumn(first + 4).getInt() != 0, row.getColumn(first + 5).getInt() != 0,
          row.getColumn(first + 6).getString()};
}

/// For each skill the device has on disk, whether it is the one of that position. A device that comes back with what it
/// had costs no writing.
std::vector<bool> compare_skills(StatementCache& statements, const std::string& device_id,
                                 const std::vector<SkillRow>& skills) {
  auto& row = statements.bind(
      "SELECT class_name, function_name, signature, docstring, device_agnostic, confirm, position, input_schema"
      " FROM skills"
      " WHERE device_id = ? ORDER BY position",
      device_id);
  std::vector<bool> is_same;
  while (row.executeStep()) {
    const auto position = static_cast<std::size_t>(row.getColumn(6).getInt64());
    is_same.resize(position, false);  // none is missing that this program wrote
    if (position >= skills.size()) {
      is_same.push_back(false);
      continue;
    }
    const SkillRow& skill = skills[position];
    is_same.push_back(
        text_of(row.getColumn(0)) == skill.class_name && text_of(row.getColumn(1)) == skill.function_name &&
        text_of(row.getColumn(2)) == skill.signature && text_of(row.getColumn(3)) == skill.docstring &&
        (row.getColumn(4).getInt() != 0) == skill.device_agnostic &&
        (row.getColumn(5).getInt() != 0) == skill.confirm && text_of(row.getColumn(7)) == skill.input_schema);
  }
  row.reset();
  return is_same;
}

SessionRow session_row(SQLite::Statement& row) {
  SessionRow session;
  session.session_id = row.getColumn(0).getString();
  session.user_id = row.getColumn(1).getString();
  session.device_id = row.getColumn(2).getString();
  session.title = row.getColumn(3).getString();
  session.message_count = row.getColumn(4).getInt64();
  session.is_active = row.getColumn(5).getInt() != 0;
  session.created_at_ms = row.getColumn(6).getInt64();
  session.last_activity_ms = row.getColumn(7).getInt64();
  return session;
}

MessageRow message_row(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getInt64()};
}

}  // namespace

void read_devices(StatementCache& statements, const UseDevice& use) {
  auto& devices = statements.bind(
      "SELECT device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at, last_seen,"
      " skills_heartbeat_at FROM devices ORDER BY device_id");
  auto& skills = statements.bind(
      "SELECT device_id, class_name, function_name, signature, docstring, device_agnostic, confirm, input_schema"
      " FROM skills ORDER BY device_id, position");
  // Both in the order of device_id, so one walk brings them together.
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

void insert_device(StatementCache& statements, const DeviceRow& device) {
  statements.execute(
      "INSERT INTO devices (device_id, user_id, name, normalized_name, is_active, tokens_valid_from, created_at,"
      " last_seen, skills_heartbeat_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      device.device_id, device.user_id, device.name, device.normalized_name, device.is_active,
      device.tokens_valid_from_ms, device.created_at_ms, device.last_seen_ms, device.skills_heartbeat_at_ms);
}

int update_device(StatementCache& statements, const std::string& device_id, const DeviceChange& change) {
  return statements.execute(
      "UPDATE devices SET name = coalesce(?, name), normalized_name = coalesce(?, normalized_name),"
      " is_active = coalesce(?, is_active), tokens_valid_from = max(tokens_valid_from, coalesce(?, 0))"
      " WHERE device_id = ?",
      change.name, change.normalized_name, change.is_active, change.tokens_valid_from_ms, device_id);
}

bool has_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills) {
  const auto is_there = compare_skills(statements, device_id, skills);
  return is_there.size() >= skills.size() &&
         std::all_of(is_there.begin(), is_there.begin() + static_cast<std::ptrdiff_t>(skills.size()),
                     [](bool same) { return same; });
}

void write_skills(StatementCache& statements, const std::string& device_id, const std::vector<SkillRow>& skills,
                  std::int64_t heartbeat_at_ms) {
  const auto is_there = compare_skills(statements, device_id, skills);
  for (std::size_t position = 0; position < skills.size(); ++position) {
    if (position < is_there.size() && is_there[position]) continue;
    const SkillRow& skill = skills[position];
    statements.execute(
        "INSERT INTO skills (device_id, position, class_name, function_name, signature, docstring, device_agnostic,"
        " confirm, input_schema) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (device_id, position) DO UPDATE SET"
        " class_name = excluded.class_name, function_name = excluded.function_name, signature = excluded.signature,"
        " docstring = excluded.docstring, device_agnostic = excluded.device_agnostic, confirm = excluded.confirm,"
        " input_schema = excluded.input_schema",
        device_id, position, skill.class_name, skill.function_name, skill.signature, skill.docstring,
        skill.device_agnostic, skill.confirm, skill.input_schema);
  }
  if (is_there.size() > skills.size()) {
    statements.execute("DELETE FROM skills WHERE device_id = ? AND position >= ?", device_id, skills.size());
  }
  statements.execute("UPDATE devices SET skills_heartbeat_at = ? WHERE device_id = ?", heartbeat_at_ms, device_id);
}

std::optional<SessionRow> read_session(StatementCache& statements, const std::string& session_id) {
  auto& row = statements.bind(
      "SELECT session_id, user_id, device_id, title, message_count, is_active, created_at, last_activity"
      " FROM sessions WHERE session_id = ?",
      session_id);
  std::optional<SessionRow> session;
  if (row.executeStep()) session = session_row(row);
  row.reset();
  return session;
}

void insert_session(StatementCache& statements, const SessionRow& session) {
  statements.execute(
      "INSERT INTO sessions (session_id, user_id, device_id, title, message_count, is_active, created_at, "
      "last_activity)"
      " VALUES (?, ?, ?, ?, 0, ?, ?, ?)",
      session.session_id, session.user_id, session.device_id, session.title, session.is_active, session.created_at_ms,
      session.last_activity_ms);
}

int update_session(StatementCache& statements, const std::string& session_id, const SessionChange& change) {
  return statements.execute(
      "UPDATE sessions SET title = coalesce(?, nullif(title, ''), ?, title), is_active = coalesce(?, is_active),"
      " last_activity = max(last_activity, coalesce(?, 0)) WHERE session_id = ?",
      change.title, change.default_title, change.is_active, change.last_activity_ms, session_id);
}

SessionList read_sessions(StatementCache& statements, const std::string& user_id, std::int64_t since_ms,
                          std::size_t limit) {
  SessionList list;
  auto& count =
      statements.bind("SELECT count(*) FROM sessions WHERE user_id = ? AND last_activity >= ?", user_id, since_ms);
  if (count.executeStep()) list.total = static_cast<std::size_t>(count.getColumn(0).getInt64());
  count.reset();
  auto& row = statements.bind(
      "SELECT session_id, user_id, device_id, title, message_count, is_active, created_at, last_activity"
      " FROM sessions WHERE user_id = ? AND last_activity >= ? ORDER BY last_activity DESC, session_id LIMIT ?",
      user_id, since_ms, limit);
  while (row.executeStep()) list.sessions.push_back(session_row(row));
  row.reset();
  return list;
}

std::optional<MessageRow> read_message(StatementCache& statements, const std::string& session_id,
                                       const std::string& message_id) {
  auto& row = statements.bind(
      "SELECT message_id, role, content, created_at FROM messages WHERE session_id = ? AND message_id = ?", session_id,
      message_id);
  std::optional<MessageRow> message;
  if (row.executeStep()) message = message_row(row);
  row.reset();
  return message;
}

std::vector<MessageRow> read_messages(StatementCache& statements, const std::string& session_id, std::size_t limit,
                                      const std::string& before_message_id) {
  auto& row = before_message_id.empty()
                  ? statements.bind(
                        "SELECT message_id, role, content, created_at FROM messages WHERE session_id = ?"
                        " ORDER BY created_at DESC, sequence DESC LIMIT ?",
                        session_id, limit)
                  : statements.bind(
                        "SELECT m.message_id, m.role, m.content, m.created_at FROM messages m, messages b"
                        " WHERE m.session_id = ? AND b.session_id = m.session_id AND b.message_id = ?"
                        " AND (m.created_at, m.sequence) < (b.created_at, b.sequence)"
                        " ORDER BY m.created_at DESC, m.sequence DESC LIMIT ?",
                        session_id, before_message_id, limit);
  std::vector<MessageRow> messages;
  std::size_t bytes = 0;
  while (row.executeStep()) {
    auto message = message_row(row);
    bytes += message.content.size();
    if (!messages.empty() && bytes > messages_read_bytes_max) break;
    messages.push_back(std::move(message));
  }
  row.reset();
  std::reverse(messages.begin(), messages.end());
  return messages;
}

bool insert_message(StatementCache& statements, const std::string& session_id, const MessageRow& message) {
  return statements.execute(
             "INSERT OR IGNORE INTO messages (session_id, message_id, role, content, created_at) VALUES (?, ?, ?, ?, "
             "?)",
             session_id, message.message_id, message.role, message.content, message.created_at_ms) > 0;
}

std::size_t write_messages(StatementCache& statements, const std::string& session_id,
                           const std::vector<MessageRow>& messages) {
  std::size_t added = 0;
  std::int64_t latest = 0;
  for (const auto& message : messages) {
    if (insert_message(statements, session_id, message)) ++added;
    latest = std::max(latest, message.created_at_ms);
  }
  // A message may be from a device whose clock is ahead, or have been given a time behind such a one; what happens
  // happens now at the latest, or else the session would stay active until then.
  statements.execute(
      "UPDATE sessions SET message_count = message_count + ?, last_activity = max(last_activity,"
      " min(?, CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER))) WHERE session_id = ?",
      added, latest, session_id);
  return added;
}

}  // namespace strawberry
