#include <numeric>
#include <optional>
#include <utility>

#include "bridge/adapters/sqlite/conversation_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry::bridge {
namespace {

std::size_t bytes_of(const MessageRow& message) { return bytes_of_job + message.content.size(); }

std::size_t bytes_of(const std::vector<MessageRow>& messages) {
  return std::accumulate(messages.begin(), messages.end(), bytes_of_job,
                         [](std::size_t sum, const MessageRow& message) { return sum + bytes_of(message); });
}

std::size_t bytes_of(const std::vector<SessionUpload>& uploads) {
  return std::accumulate(uploads.begin(), uploads.end(), bytes_of_job,
                         [](std::size_t sum, const SessionUpload& upload) { return sum + bytes_of(upload.messages); });
}

Reply<void> change_known_session(StatementCache& statements, const std::string& session_id,
                                 const SessionChange& change) {
  if (update_session(statements, session_id, change) == 0) return error(ErrorCode::not_found, "no such session");
  return {};
}

void remove_session(StatementCache& statements, const std::string& session_id) {
  statements.execute("DELETE FROM sessions WHERE session_id = ?", session_id);
}

class SqliteConversationStore final : public ConversationStore {
 public:
  explicit SqliteConversationStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) override {
    return writer_.run({std::move(user_id)}, read_session, std::move(session_id));
  }
  Task<Reply<void>> add_session(SessionRow session) override {
    return writer_.run_within({session.user_id}, add_session_within, session);
  }
  Task<Reply<void>> change_session(std::string user_id, std::string session_id, SessionChange change) override {
    return writer_.run({std::move(user_id)}, change_known_session, std::move(session_id), std::move(change));
  }
  Task<Reply<void>> delete_session(std::string user_id, std::string session_id) override {
    return writer_.run({std::move(user_id)}, remove_session, std::move(session_id));
  }
  Task<Reply<SessionList>> list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) override {
    const auto bytes = [](const SessionList& list) { return list.sessions.size() * bytes_of_job; };
    return writer_.run_reading({user_id}, bytes, read_sessions, user_id, since_ms, limit);
  }
  Task<Reply<std::optional<MessageRow>>> get_message(std::string user_id, std::string session_id,
                                                     std::string message_id) override {
    return writer_.run({std::move(user_id)}, read_message, std::move(session_id), std::move(message_id));
  }
  Task<Reply<std::vector<MessageRow>>> get_messages(std::string user_id, std::string session_id, std::size_t limit,
                                                    std::string before_message_id) override {
    const auto bytes = [](const std::vector<MessageRow>& messages) { return bytes_of(messages); };
    return writer_.run_reading({std::move(user_id)}, bytes, read_messages, std::move(session_id), limit,
                               std::move(before_message_id));
  }
  Task<Reply<std::size_t>> append_messages(std::string user_id, std::string session_id,
                                           std::vector<MessageRow> messages) override {
    const SqliteWriter::Place place{std::move(user_id), bytes_of(messages)};
    return writer_.run_within(place, append_messages_within, std::move(session_id), std::move(messages));
  }
  Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload> uploads) override {
    const SqliteWriter::Place place{uploads.empty() ? hub_itself : uploads.front().session.user_id, bytes_of(uploads)};
    return writer_.run_within(place, sync_rows_within, std::move(uploads));
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<ConversationStore> make_conversation_store(SqliteWriter& writer) {
  return std::make_unique<SqliteConversationStore>(writer);
}

}  // namespace strawberry::bridge
