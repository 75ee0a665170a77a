#include <numeric>
#include <optional>
#include <utility>

#include "bridge/adapters/sqlite/conversation_rows.h"
#include "bridge/adapters/sqlite/sqlite_writer.h"
#include "bridge/adapters/sqlite/statement_cache.h"
#include "bridge/adapters/sqlite/stored_amounts.h"
#include "bridge/adapters/sqlite/stores.h"

namespace strawberry {
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

std::size_t bytes_of(const SessionList& list) { return list.sessions.size() * bytes_of_job; }

class SqliteConversationStore final : public ConversationStore {
 public:
  explicit SqliteConversationStore(SqliteWriter& writer) : writer_(writer) {}

  Task<Reply<std::optional<SessionRow>>> get_session(std::string user_id, std::string session_id) override {
    return writer_.run<std::optional<SessionRow>>(
        {std::move(user_id), bytes_of_job},
        [session_id = std::move(session_id)](StatementCache& statements) -> Reply<std::optional<SessionRow>> {
          return read_session(statements, session_id);
        });
  }

  Task<Reply<void>> add_session(SessionRow session) override {
    const SqliteWriter::Place place{session.user_id, bytes_of_job};
    return writer_.run<void>(place, [&writer = writer_, session = std::move(session)](StatementCache& statements) {
      return add_session_within(statements, writer.limits(), session);
    });
  }

  Task<Reply<void>> change_session(std::string user_id, std::string session_id, SessionChange change) override {
    return writer_.run<void>(
        {std::move(user_id), bytes_of_job},
        [session_id = std::move(session_id), change = std::move(change)](StatementCache& statements) -> Reply<void> {
          if (update_session(statements, session_id, change) == 0)
            return error(ErrorCode::not_found, "no such session");
          return {};
        });
  }

  Task<Reply<void>> delete_session(std::string user_id, std::string session_id) override {
    return writer_.run<void>({std::move(user_id), bytes_of_job},
                             [session_id = std::move(session_id)](StatementCache& statements) -> Reply<void> {
                               statements.execute("DELETE FROM sessions WHERE session_id = ?", session_id);
                               return {};
                             });
  }

  Task<Reply<SessionList>> list_sessions(std::string user_id, std::int64_t since_ms, std::size_t limit) override {
    const SqliteWriter::Place place{user_id, bytes_of_job};
    return writer_.run<SessionList>(
        place,
        [user_id = std::move(user_id), since_ms, limit](StatementCache& statements) -> Reply<SessionList> {
          return read_sessions(statements, user_id, since_ms, limit);
        },
        bytes_of);
  }

  Task<Reply<std::optional<MessageRow>>> get_message(std::string user_id, std::string session_id,
                                                     std::string message_id) override {
    return writer_.run<std::optional<MessageRow>>(
        {std::move(user_id), bytes_of_job},
        [session_id = std::move(session_id), message_id = std::move(message_id)](StatementCache& statements)
            -> Reply<std::optional<MessageRow>> { return read_message(statements, session_id, message_id); });
  }

  Task<Reply<std::vector<MessageRow>>> get_messages(std::string user_id, std::string session_id, std::size_t limit,
                                                    std::string before_message_id) override {
    return writer_.run<std::vector<MessageRow>>(
        {std::move(user_id), bytes_of_job},
        [session_id = std::move(session_id), limit, before = std::move(before_message_id)](StatementCache& statements)
            -> Reply<std::vector<MessageRow>> { return read_messages(statements, session_id, limit, before); },
        bytes_of);
  }

  Task<Reply<std::size_t>> append_messages(std::string user_id, std::string session_id,
                                           std::vector<MessageRow> messages) override {
    const SqliteWriter::Place place{std::move(user_id), bytes_of(messages)};
    return writer_.run<std::size_t>(place, [&writer = writer_, session_id = std::move(session_id),
                                            messages = std::move(messages)](StatementCache& statements) {
      return append_messages_within(statements, writer.limits(), session_id, messages);
    });
  }

  Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload> uploads) override {
    const SqliteWriter::Place place{uploads.empty() ? std::string() : uploads.front().session.user_id,
                                    bytes_of(uploads)};
    return writer_.run<std::vector<SyncCount>>(
        place, [&writer = writer_, uploads = std::move(uploads)](StatementCache& statements) {
          return sync_rows_within(statements, writer.limits(), uploads);
        });
  }

 private:
  SqliteWriter& writer_;
};

}  // namespace

std::unique_ptr<ConversationStore> make_conversation_store(SqliteWriter& writer) {
  return std::make_unique<SqliteConversationStore>(writer);
}

}  // namespace strawberry
