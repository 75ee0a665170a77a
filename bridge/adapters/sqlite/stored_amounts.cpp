#include "bridge/adapters/sqlite/stored_amounts.h"

#include <map>
#include <utility>

#include "bridge/adapters/sqlite/conversation_rows.h"
#include "bridge/adapters/sqlite/limit_rows.h"
#include "bridge/adapters/sqlite/sync_rows.h"

namespace strawberry::bridge {
namespace {

Error quota_error(const std::string& what, const char* limit, std::int64_t max, std::int64_t used) {
  return {ErrorCode::quota_exceeded,
          what + ": " + std::to_string(max) + " (delete what is not needed, or have the limit raised)",
          {{"limit", limit}, {"max", max}, {"used", used}}};
}

bool has_passed(std::int64_t max, std::int64_t before, std::int64_t after) {
  return max > 0 && after > before && after > max;
}

}  // namespace

StorageLimits limits_of(StatementCache& statements, StorageLimits limits, const std::string& user_id) {
  read_limits(statements, user_id, [&limits](LimitKind kind, std::int64_t value) {
    if (kind == LimitKind::devices) limits.devices_per_user_max = value;
    if (kind == LimitKind::sessions) limits.sessions_per_user_max = value;
    if (kind == LimitKind::messages) limits.messages_per_user_max = value;
    if (kind == LimitKind::stored_bytes) limits.stored_bytes_per_user_max = value;
  });
  return limits;
}

StoredAmounts read_stored_amounts(StatementCache& statements, const std::string& user_id) {
  StoredAmounts amounts;
  auto& row = statements.bind("SELECT sessions, messages, bytes FROM user_storage WHERE user_id = ?", user_id);
  if (row.executeStep()) {
    amounts = {row.getColumn(0).getInt64(), row.getColumn(1).getInt64(), row.getColumn(2).getInt64()};
  }
  row.reset();
  return amounts;
}

std::optional<Error> passed_limit(const StorageLimits& limits, const StoredAmounts& before,
                                  const StoredAmounts& after) {
  if (limits.disk_low && after.bytes > before.bytes) return limits.disk_low;
  if (has_passed(limits.sessions_per_user_max, before.sessions, after.sessions)) {
    return quota_error("the user would have more sessions than allowed", "sessions_per_user_max",
                       limits.sessions_per_user_max, before.sessions);
  }
  if (has_passed(limits.messages_per_user_max, before.messages, after.messages)) {
    return quota_error("the user would have more messages than allowed", "messages_per_user_max",
                       limits.messages_per_user_max, before.messages);
  }
  if (has_passed(limits.stored_bytes_per_user_max, before.bytes, after.bytes)) {
    return quota_error("the user would have more bytes stored than allowed", "stored_bytes_per_user_max",
                       limits.stored_bytes_per_user_max, before.bytes);
  }
  return std::nullopt;
}

std::optional<Error> passed_session_limit(const StorageLimits& limits, std::int64_t before, std::int64_t after) {
  if (!has_passed(limits.messages_per_session_max, before, after)) return std::nullopt;
  return quota_error("the session would have more messages than allowed", "messages_per_session_max",
                     limits.messages_per_session_max, before);
}

std::optional<Error> check_devices(StatementCache& statements, const StorageLimits& of_all,
                                   const std::string& user_id) {
  if (of_all.disk_low) return of_all.disk_low;
  const auto limits = limits_of(statements, of_all, user_id);
  if (limits.devices_per_user_max == 0) return std::nullopt;
  // Of one user: a walk through a few rows of the index on user and name.
  auto& count = statements.bind("SELECT count(*) FROM devices WHERE user_id = ?", user_id);
  const auto used = count.executeStep() ? count.getColumn(0).getInt64() : 0;
  count.reset();
  if (!has_passed(limits.devices_per_user_max, used, used + 1)) return std::nullopt;
  return quota_error("the user would have more devices than allowed", "devices_per_user_max",
                     limits.devices_per_user_max, used);
}

Reply<void> add_session_within(StatementCache& statements, const StorageLimits& of_all, const SessionRow& session) {
  const auto known = read_session(statements, session.session_id);
  if (known && known->user_id == session.user_id) return {};  // of this request, delivered again
  const auto before = read_stored_amounts(statements, session.user_id);
  insert_session(statements, session);
  const auto limits = limits_of(statements, of_all, session.user_id);
  if (auto over = passed_limit(limits, before, read_stored_amounts(statements, session.user_id))) {
    return tl::unexpected<Error>(std::move(*over));
  }
  return {};
}

Reply<std::size_t> append_messages_within(StatementCache& statements, const StorageLimits& of_all,
                                          const std::string& session_id, const std::vector<MessageRow>& messages) {
  const auto session = read_session(statements, session_id);
  if (!session) return error(ErrorCode::not_found, "no such session");
  const auto limits = limits_of(statements, of_all, session->user_id);
  const auto before = read_stored_amounts(statements, session->user_id);
  const auto added = write_messages(statements, session_id, messages);
  auto over =
      passed_session_limit(limits, session->message_count, session->message_count + static_cast<std::int64_t>(added));
  if (!over) over = passed_limit(limits, before, read_stored_amounts(statements, session->user_id));
  if (over) return tl::unexpected<Error>(std::move(*over));
  return added;
}

Reply<std::vector<SyncCount>> sync_rows_within(StatementCache& statements, const StorageLimits& limits,
                                               const std::vector<SessionUpload>& uploads) {
  std::map<std::string, StoredAmounts> before;
  std::map<std::string, std::int64_t> messages_before;  // by session
  for (const auto& [session, messages] : uploads) {
    before.try_emplace(session.user_id, read_stored_amounts(statements, session.user_id));
    const auto known = read_session(statements, session.session_id);
    messages_before.try_emplace(session.session_id, known ? known->message_count : 0);
  }
  auto counts = sync_rows(statements, uploads);
  if (!counts) return counts;
  for (const auto& [session_id, count_before] : messages_before) {
    const auto now = read_session(statements, session_id);
    if (auto over = passed_session_limit(limits, count_before, now ? now->message_count : 0)) {
      over->details["session_id"] = session_id;
      return tl::unexpected<Error>(std::move(*over));
    }
  }
  for (const auto& [user_id, amounts] : before) {
    const auto own = limits_of(statements, limits, user_id);
    if (auto over = passed_limit(own, amounts, read_stored_amounts(statements, user_id))) {
      return tl::unexpected<Error>(std::move(*over));
    }
  }
  return counts;
}

}  // namespace strawberry::bridge
