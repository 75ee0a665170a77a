#include "sdk/cpp/include/strawberry/sessions.h"

#include <utility>

#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "sdk/cpp/include/strawberry/spoke.h"

namespace strawberry {
namespace {

using nlohmann::json;

Session session_of(const json& value) {
  Session session;
  session.session_id = text_member(value, "session_id");
  session.title = text_member(value, "title");
  const json count = value.is_object() ? value.value("message_count", json()) : json();
  if (count.is_number_unsigned()) session.message_count = count.get<std::size_t>();
  session.device_id = text_member(value, "device_id");
  session.is_active = is_true(value, "is_active");
  session.created_at = text_member(value, "created_at");
  session.last_activity = text_member(value, "last_activity");
  return session;
}

Message message_of(const json& value) {
  return {text_member(value, "message_id"), text_member(value, "role"), text_member(value, "content"),
          text_member(value, "created_at")};
}

}  // namespace

std::string Sessions::create(const std::string& title) {
  json body{{"op", "create"}};
  if (!title.empty()) body["title"] = title;
  return text_member(spoke_.request("sessions", std::move(body)), "session_id");
}

std::vector<Session> Sessions::list(std::size_t limit, int days) {
  json body{{"op", "list"}, {"limit", limit}};
  if (days > 0) body["days"] = days;
  std::vector<Session> sessions;
  const json reply = spoke_.request("sessions", std::move(body));
  for (const json& each : reply.value("sessions", json::array())) sessions.push_back(session_of(each));
  return sessions;
}

Session Sessions::get(const std::string& session_id) {
  return session_of(spoke_.request("sessions", {{"op", "get"}, {"session_id", session_id}}));
}

std::vector<Message> Sessions::messages(const std::string& session_id, std::size_t limit, const std::string& before) {
  json body{{"op", "messages"}, {"session_id", session_id}, {"limit", limit}};
  if (!before.empty()) body["before"] = before;
  std::vector<Message> messages;
  const json reply = spoke_.request("sessions", std::move(body));
  for (const json& each : reply.value("messages", json::array())) messages.push_back(message_of(each));
  return messages;
}

std::string Sessions::append(const std::string& session_id, const std::string& role, const std::string& content,
                             const std::string& message_id) {
  const std::string id = message_id.empty() ? new_id() : message_id;
  spoke_.request(
      "sessions",
      {{"op", "append"}, {"session_id", session_id}, {"role", role}, {"content", content}, {"message_id", id}});
  return id;
}

void Sessions::rename(const std::string& session_id, const std::string& title) {
  spoke_.request("sessions", {{"op", "update"}, {"session_id", session_id}, {"title", title}});
}

void Sessions::erase(const std::string& session_id) {
  spoke_.request("sessions", {{"op", "delete"}, {"session_id", session_id}});
}

}  // namespace strawberry
