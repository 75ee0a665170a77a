#include "bridge/adapters/sqlite/sync_rows.h"

#include <algorithm>

#include "bridge/adapters/sqlite/conversation_rows.h"

namespace strawberry::bridge {
namespace {

SyncCount merge(StatementCache& statements, const SessionUpload& upload) {
  const auto& session = upload.session;
  if (!read_session(statements, session.session_id)) insert_session(statements, session);
  SyncCount count;
  std::int64_t latest_added = 0;
  for (const auto& message : upload.messages) {
    if (!insert_message(statements, session.session_id, message)) {
      ++count.already_there;
      continue;
    }
    ++count.added;
    latest_added = std::max(latest_added, message.created_at_ms);
  }
  statements.execute(
      "UPDATE sessions SET message_count = message_count + ?, last_activity = max(last_activity, ?),"
      " title = CASE WHEN title = '' THEN ? ELSE title END WHERE session_id = ?",
      count.added, std::min(latest_added, session.last_activity_ms), session.title, session.session_id);
  return count;
}

}  // namespace

Reply<std::vector<SyncCount>> sync_rows(StatementCache& statements, const std::vector<SessionUpload>& uploads) {
  for (const auto& [session, messages] : uploads) {
    const auto known = read_session(statements, session.session_id);
    if (known && known->user_id != session.user_id) {
      return error(ErrorCode::not_found, "no such session", {{"session_id", session.session_id}});
    }
  }
  std::vector<SyncCount> counts;
  counts.reserve(uploads.size());
  for (const auto& upload : uploads) counts.push_back(merge(statements, upload));
  return counts;
}

}  // namespace strawberry::bridge
