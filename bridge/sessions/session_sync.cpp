#include "bridge/sessions/session_sync.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/sessions/session_service.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// `object`'s `created_at`, which lies at `path`.
Reply<std::int64_t> read_time(const json& object, const std::string& path, WallTime now) {
  const auto time = parse_rfc3339(object.at("created_at").get<std::string>());
  const auto refused = [&](const std::string& what) {
    const auto at = path + "/created_at";
    return error(ErrorCode::bad_request, at + " " + what, {{"path", at}});
  };
  if (!time) return refused("must be a time as RFC 3339 writes it.");
  if (*time < sync_earliest) return refused("is before the year 2000.");
  if (*time > now + sync_ahead_max) return refused("is more than a day from now.");
  return to_unix_ms(*time);
}

Reply<MessageRow> read_message(const json& object, const std::string& path, WallTime now) {
  const auto time = read_time(object, path, now);
  if (!time) return tl::unexpected(time.error());
  MessageRow message;
  message.message_id = object.at("id").get<std::string>();
  message.role = object.at("role").get<std::string>();
  message.content = object.at("content").get<std::string>();
  message.created_at_ms = *time;
  return message;
}

std::string default_title(const std::vector<MessageRow>& messages) {
  const MessageRow* first = nullptr;
  for (const auto& message : messages) {
    if (message.role != "user" || message.content.empty()) continue;
    if (first == nullptr || message.created_at_ms < first->created_at_ms) first = &message;
  }
  return first != nullptr ? title_from(first->content) : std::string();
}

}  // namespace

Reply<std::vector<SessionUpload>> read_uploads(const Request& request, WallTime now) {
  std::vector<SessionUpload> uploads;
  for (const auto& object : request.body.at("sessions")) {
    const auto path = "/sessions/" + std::to_string(uploads.size());
    const auto time = read_time(object, path, now);
    if (!time) return tl::unexpected(time.error());
    SessionUpload upload;
    upload.session.session_id = object.at("id").get<std::string>();
    upload.session.user_id = request.acting_user;
    upload.session.device_id = request.sender.id;
    upload.session.created_at_ms = upload.session.last_activity_ms = *time;
    for (const auto& entry : object.at("messages")) {
      auto message = read_message(entry, path + "/messages/" + std::to_string(upload.messages.size()), now);
      if (!message) return tl::unexpected(message.error());
      upload.session.last_activity_ms = std::max(upload.session.last_activity_ms, message->created_at_ms);
      upload.messages.push_back(std::move(*message));
    }
    upload.session.last_activity_ms = std::min(upload.session.last_activity_ms, to_unix_ms(now));
    upload.session.title = object.value("title", "");
    if (upload.session.title.empty()) upload.session.title = default_title(upload.messages);
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

json sync_result(const json& request_body, const std::vector<SyncCount>& counts) {
  json sessions = json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sessions.push_back({{"session_id", request_body.at("sessions").at(i).at("id")},
                        {"added", counts[i].added},
                        {"already_there", counts[i].already_there}});
  }
  return {{"sessions", std::move(sessions)}};
}

}  // namespace strawberry::bridge
