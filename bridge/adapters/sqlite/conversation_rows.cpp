#include "bridge/adapters/sqlite/conversation_rows.h"

#include <algorithm>
#include <utility>

namespace strawberry::bridge {
namespace {

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

}  // namespace strawberry::bridge
