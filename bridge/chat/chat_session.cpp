#include "bridge/chat/chat_session.h"

#include <algorithm>

#include "bridge/chat/history.h"
#include "bridge/sessions/session_service.h"
#include "common/text/ids.h"

namespace strawberry::bridge {

using nlohmann::json;

void ChatSession::start_new(const Clock& clock, const Principal& sender) {
  is_new_ = true;
  row_ = {};
  row_.session_id = new_id();
  row_.user_id = sender.user_id;
  row_.device_id = sender.id;
  row_.created_at_ms = row_.last_activity_ms = to_unix_ms(clock.wall_now());
}

void ChatSession::remember(std::vector<MessageRow> rows, const Options& options) {
  json all = json::array();
  for (auto& row : rows) {
    newest_ms_ = std::max(newest_ms_, row.created_at_ms);
    all.push_back({{"role", std::move(row.role)}, {"content", std::move(row.content)}});
  }
  history_ = cut_history(all, options.history_bytes_max, options.history_messages_max);
}

Task<Reply<ChatSession>> ChatSession::open(ConversationStore& store, const Clock& clock, Principal sender,
                                           std::string session_id, Options options) {
  ChatSession session;
  if (session_id == "new") {
    session.start_new(clock, sender);
    co_return session;
  }
  auto found = co_await store.get_session(sender.user_id, std::move(session_id));
  if (!found) co_return tl::unexpected(found.error());
  if (!*found || (*found)->user_id != sender.user_id) co_return error(ErrorCode::not_found, "there is no such session");
  session.row_ = std::move(**found);
  const auto idle = std::chrono::milliseconds(to_unix_ms(clock.wall_now()) - session.row_.last_activity_ms);
  if (!session.row_.is_active || idle > options.idle_max) {
    if (session.row_.is_active) session.closed_ = session.row_;
    session.start_new(clock, sender);
    co_return session;
  }
  // One more than is told: whether the oldest of them begins a turn can be seen only by what is before it.
  const auto rows_max = options.history_messages_max + 1;
  auto rows = co_await store.get_messages(session.row_.user_id, session.row_.session_id, rows_max, std::string());
  if (!rows) co_return tl::unexpected(rows.error());
  session.remember(std::move(*rows), options);
  co_return session;
}

Task<Reply<void>> ChatSession::save(ConversationStore& store, const Clock& clock, ChatSession session, json messages,
                                    std::string answer) {
  std::vector<MessageRow> rows;
  std::string first_user_text;
  const auto add = [&](std::string role, std::string content) {
    MessageRow row;
    row.message_id = new_id();
    row.role = std::move(role);
    row.content = std::move(content);
    // Messages are read back in the order of their times: one turn's must not share one.
    row.created_at_ms = session.newest_ms_ = std::max(session.newest_ms_ + 1, to_unix_ms(clock.wall_now()));
    rows.push_back(std::move(row));
  };
  for (const auto& message : messages) {
    const auto role = message.at("role").get<std::string>();
    if ((role != "user" && role != "assistant") || !message.at("content").is_string()) continue;
    auto text = message.at("content").get<std::string>();
    if (text.empty()) continue;
    if (role == "user" && first_user_text.empty()) first_user_text = text;
    add(role, std::move(text));
  }
  if (!answer.empty()) add("assistant", std::move(answer));

  if (session.closed_) {
    SessionChange close;
    close.is_active = false;
    auto closed = co_await store.change_session(session.row_.user_id, session.closed_->session_id, std::move(close));
    // Deleted meanwhile is as good as closed.
    if (!closed && closed.error().code != ErrorCode::not_found) co_return closed;
  }
  if (session.is_new_) {
    session.row_.title = title_from(first_user_text);
    auto stored = co_await store.add_session(session.row_);
    if (!stored) co_return stored;
  } else if (session.row_.title.empty()) {
    SessionChange title;
    title.default_title = title_from(first_user_text);
    auto stored = co_await store.change_session(session.row_.user_id, session.row_.session_id, std::move(title));
    if (!stored) co_return stored;
  }
  auto added = co_await store.append_messages(session.row_.user_id, session.row_.session_id, std::move(rows));
  if (!added && session.is_new_) {
    // Nobody is told of it: it must not stay, empty, on the user's account.
    (void)co_await store.delete_session(session.row_.user_id, session.row_.session_id);
  }
  if (!added) co_return tl::unexpected(added.error());
  co_return Reply<void>();
}

}  // namespace strawberry::bridge
