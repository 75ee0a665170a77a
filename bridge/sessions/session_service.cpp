#include "bridge/sessions/session_service.h"

#include <algorithm>
#include <utility>

#include "bridge/sessions/session_sync.h"

namespace strawberry::bridge {

using nlohmann::json;

std::string title_from(const std::string& first_message) {
  constexpr std::size_t title_characters_max = 80;
  std::size_t characters = 0;
  std::size_t end = 0;
  for (; end < first_message.size(); ++end) {
    const bool continues = (static_cast<unsigned char>(first_message[end]) & 0xC0) == 0x80;  // inside a UTF-8 character
    if (!continues && characters++ == title_characters_max) break;
  }
  return first_message.substr(0, end);
}

json session_json(const SessionRow& session) {
  return {{"session_id", session.session_id},
          {"title", session.title},
          {"message_count", session.message_count},
          {"device_id", session.device_id},
          {"is_active", session.is_active},
          {"created_at", format_rfc3339(from_unix_ms(session.created_at_ms))},
          {"last_activity", format_rfc3339(from_unix_ms(session.last_activity_ms))}};
}

json message_json(const MessageRow& message) {
  return {{"message_id", message.message_id},
          {"role", message.role},
          {"content", message.content},
          {"created_at", format_rfc3339(from_unix_ms(message.created_at_ms))}};
}

template <Task<Reply<json>> (SessionService::*method)(Request, SessionRow)>
Task<Reply<json>> SessionService::in_session(Request request) {
  auto session_id = request.body.at("session_id").get<std::string>();
  auto session = co_await store_.get_session(request.acting_user, std::move(session_id));
  if (!session) co_return tl::unexpected(session.error());
  if (!*session || (*session)->user_id != request.acting_user) co_return error(ErrorCode::not_found, "no such session");
  co_return co_await (this->*method)(std::move(request), std::move(**session));
}

const OperationTable& SessionService::operations() {
  using enum PrincipalType;
  using S = SessionService;
  static constexpr WhoMay everybody{device, user, admin};
  static constexpr Operation rows[] = {
      {"create", everybody, ActsFor::user, handled_by<&S::create>, Scope::sessions},
      {"list", everybody, ActsFor::user, handled_by<&S::list>, Scope::sessions},
      {"sync", everybody, ActsFor::user, handled_by<&S::sync>, Scope::sessions},
      {"get", everybody, ActsFor::user, handled_by<&S::in_session<&S::get>>, Scope::sessions},
      {"messages", everybody, ActsFor::user, handled_by<&S::in_session<&S::messages>>, Scope::sessions},
      {"append", everybody, ActsFor::user, handled_by<&S::in_session<&S::append>>, Scope::sessions},
      {"update", everybody, ActsFor::user, handled_by<&S::in_session<&S::update>>, Scope::sessions},
      {"delete", everybody, ActsFor::user, handled_by<&S::in_session<&S::remove>>, Scope::sessions},
  };
  static constexpr OperationTable table{
      Service::sessions, rows, [](PrincipalType) -> std::string_view { return "this token is not for sessions"; }};
  return table;
}

Task<Reply<json>> SessionService::get(Request, SessionRow session) { co_return session_json(session); }

Task<Reply<json>> SessionService::create(Request request) {
  SessionRow session;
  session.session_id = id_for(request);
  session.user_id = request.acting_user;
  session.device_id = request.sender.id;
  session.title = request.body.value("title", "");
  session.created_at_ms = session.last_activity_ms = to_unix_ms(clock_.wall_now());
  auto stored = co_await store_.add_session(session);
  if (!stored) co_return tl::unexpected(stored.error());
  co_return session_json(session);
}

Task<Reply<json>> SessionService::list(Request request) {
  std::int64_t since_ms = 0;
  if (const auto days = request.body.find("days"); days != request.body.end()) {
    since_ms = to_unix_ms(clock_.wall_now() - std::chrono::hours(24 * days->get<std::int64_t>()));
  }
  auto found =
      co_await store_.list_sessions(request.acting_user, since_ms, request.body.value("limit", std::size_t{50}));
  if (!found) co_return tl::unexpected(found.error());
  json sessions = json::array();
  for (const auto& session : found->sessions) sessions.push_back(session_json(session));
  co_return json{{"sessions", std::move(sessions)}, {"total", found->total}};
}

Task<Reply<json>> SessionService::sync(Request request) {
  auto uploads = read_uploads(request, clock_.wall_now());
  if (!uploads) co_return tl::unexpected(uploads.error());
  auto counts = co_await store_.sync_sessions(std::move(*uploads));
  if (!counts) co_return tl::unexpected(counts.error());
  co_return sync_result(request.body, *counts);
}

Task<Reply<json>> SessionService::messages(Request request, SessionRow session) {
  auto before = request.body.value("before", "");
  auto found = co_await store_.get_messages(session.user_id, session.session_id,
                                            request.body.value("limit", std::size_t{50}), std::move(before));
  if (!found) co_return tl::unexpected(found.error());
  json messages = json::array();
  for (const auto& message : *found) messages.push_back(message_json(message));
  co_return json{{"messages", std::move(messages)}};
}

Task<Reply<json>> SessionService::append(Request request, SessionRow session) {
  MessageRow message;
  message.message_id = request.body.value("message_id", id_for(request));
  message.role = request.body.at("role").get<std::string>();
  message.content = request.body.at("content").get<std::string>();
  message.created_at_ms = to_unix_ms(clock_.wall_now());
  if (session.title.empty() && message.role == "user") {
    SessionChange title;
    title.default_title = title_from(message.content);
    auto titled = co_await store_.change_session(session.user_id, session.session_id, std::move(title));
    if (!titled) co_return tl::unexpected(titled.error());
  }
  std::vector<MessageRow> one = {message};
  auto stored = co_await store_.append_messages(session.user_id, session.session_id, std::move(one));
  if (!stored) co_return tl::unexpected(stored.error());
  if (*stored > 0) co_return message_json(message);
  // That message_id is taken: the same message sent again, or another one that must not pass for stored.
  auto kept = co_await store_.get_message(session.user_id, session.session_id, message.message_id);
  if (!kept) co_return tl::unexpected(kept.error());
  if (!*kept) co_return error(ErrorCode::not_found, "no such session");
  if ((*kept)->role != message.role || (*kept)->content != message.content) {
    co_return error(ErrorCode::bad_request, "this message_id is another message's", {{"path", "/message_id"}});
  }
  co_return message_json(**kept);
}

Task<Reply<json>> SessionService::update(Request request, SessionRow session) {
  SessionChange change;
  change.title = session.title = request.body.at("title").get<std::string>();
  change.last_activity_ms = session.last_activity_ms =
      std::max(session.last_activity_ms, to_unix_ms(clock_.wall_now()));
  auto stored = co_await store_.change_session(session.user_id, session.session_id, std::move(change));
  if (!stored) co_return tl::unexpected(stored.error());
  co_return session_json(session);
}

Task<Reply<json>> SessionService::remove(Request, SessionRow session) {
  auto stored = co_await store_.delete_session(session.user_id, session.session_id);
  if (!stored) co_return tl::unexpected(stored.error());
  co_return json{{"session_id", session.session_id}, {"deleted", true}};
}

}  // namespace strawberry::bridge
