#include "bridge/chat/chat_service.h"

#include "bridge/chat/tensorzero.h"
#include "bridge/pipeline/request_log.h"
#include "common/runtime/asio.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

std::string_view refusal(PrincipalType type) {
  return type == PrincipalType::admin
             ? "a chat works on a user's skills and admin has none: use a user's or a device's token"
             : "this token is not for chatting";
}

}  // namespace

ChatService::ChatService(const Clock& clock, Neighbours neighbours, Options options)
    : clock_(clock),
      neighbours_(std::move(neighbours)),
      options_(options),
      running_(std::make_shared<RunningChats>(options.chats_per_principal_max)),
      confirmations_(std::make_shared<Confirmations>(options.confirmations)) {}

const OperationTable& ChatService::operations() {
  using enum PrincipalType;
  static constexpr WhoMay people_and_devices{device, user};
  static constexpr Operation rows[] = {
      {"complete", people_and_devices, ActsFor::own_user, handled_by<&ChatService::complete>, Scope::chat,
       CountsAs::chat},
      {"inference", people_and_devices, ActsFor::own_user, handled_by<&ChatService::inference>, Scope::chat,
       CountsAs::chat},
      {"cancel", people_and_devices, ActsFor::own_user, handled_by<&ChatService::cancel>, Scope::chat},
      {"confirm", people_and_devices, ActsFor::own_user, handled_by<&ChatService::confirm>, Scope::chat},
  };
  static constexpr OperationTable table{Service::chat, rows, refusal};
  return table;
}

void ChatService::sender_left(const std::string& device_id) {
  loop_.check();
  if (const auto stopped = running_->sender_left(device_id); stopped > 0)
    hub_log().info("{} left: {} of its chats stopped", device_id, stopped);
}

void ChatService::standing_changed(const std::string& user_id) {
  loop_.check();
  if (const auto stopped = running_->standing_changed(user_id); stopped > 0)
    hub_log().info("user {} is disabled or has another role: {} chats stopped", user_id, stopped);
}

void ChatService::line_revoked(const std::string& line) {
  loop_.check();
  if (const auto stopped = running_->line_revoked(line); stopped > 0)
    hub_log().info("a token was revoked: {} of its chats stopped", stopped);
}

Reply<json> ChatService::cancel(const Request& request) {
  loop_.check();
  if (running_->cancel(request.sender, request.body.at("cancel").get<std::string>())) return json{{"cancelled", true}};
  return error(ErrorCode::not_found, "you have no such chat under way");
}

Reply<json> ChatService::confirm(const Request& request) {
  loop_.check();
  const bool is_allowed = request.body.at("allow").get<bool>();
  if (confirmations_->answer(request.sender, request.body.at("confirm").get<std::string>(), is_allowed))
    return json{{"confirmed", is_allowed}};
  return error(ErrorCode::not_found, "that question is not open (any more)");
}

Task<Reply<json>> ChatService::complete(Request request) {
  auto chat = ChatRequest::read(request.body, options_.request);
  if (!chat) co_return tl::unexpected<Error>(std::move(chat.error()));
  co_return co_await run_turn(std::move(request), std::move(*chat), openai_format());
}

Task<Reply<json>> ChatService::inference(Request request) {
  auto format = tensorzero_format(request.body);
  auto translated = openai_body_from_tensorzero(request.body);
  if (!translated) co_return tl::unexpected<Error>(std::move(translated.error()));
  auto chat = ChatRequest::read(*translated, options_.request);
  if (!chat) {
    Error refused = std::move(chat.error());
    // These messages were converted from the client's, so their indices differ.
    if (refused.details.value("path", "").starts_with("/messages/")) refused.details["path"] = "/input/messages";
    co_return tl::unexpected<Error>(std::move(refused));
  }
  co_return co_await run_turn(std::move(request), std::move(*chat), std::move(format));
}

Task<Reply<json>> ChatService::run_turn(Request request, ChatRequest chat, std::shared_ptr<const AnswerFormat> format) {
  loop_.check();
  const auto executor = co_await asio::this_coro::executor;
  auto place = running_->begin(executor, request.sender, request.correlation_id,
                               request.token ? request.token->root() : std::string());
  if (!place) co_return error(ErrorCode::busy, "too many chats at once", {{"retry_after_ms", 1000}});
  ChatTurn::Shared shared{clock_, neighbours_, options_, confirmations_};
  auto turn = std::make_shared<ChatTurn>(std::move(shared), std::move(place), std::move(request), std::move(chat),
                                         std::move(format));
  co_return co_await ChatTurn::run(std::move(turn));
}

}  // namespace strawberry::bridge
