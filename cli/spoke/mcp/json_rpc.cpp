#include "cli/spoke/mcp/json_rpc.h"

#include <optional>
#include <utility>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t failure_bytes_max = 500;

std::optional<RpcMessage> read_message(json& text) {
  if (!text.is_object() || text.value("jsonrpc", json()) != "2.0") return std::nullopt;
  RpcMessage message;
  message.id = text.value("id", json());
  const bool has_id = message.id.is_number_integer() || message.id.is_string();
  const auto method = text.find("method");
  if (method != text.end()) {
    if (!method->is_string()) return std::nullopt;
    message.kind = has_id ? RpcMessage::Kind::request : RpcMessage::Kind::notification;
    message.method = method->get<std::string>();
    message.value = text.value("params", json::object());
    return message;
  }
  if (!has_id) return std::nullopt;
  const auto error = text.find("error");
  const auto result = text.find("result");
  if (error == text.end() && result == text.end()) return std::nullopt;
  message.kind = error != text.end() ? RpcMessage::Kind::failure : RpcMessage::Kind::answer;
  message.value = std::move(error != text.end() ? *error : *result);
  return message;
}

json with_params(json message, json params) {
  if (!params.is_null()) message["params"] = std::move(params);
  return message;
}

}  // namespace

std::vector<RpcMessage> read_rpc(std::string_view text) {
  auto read = parse_json(text);
  std::vector<RpcMessage> messages;
  if (!read) return messages;
  if (!read->is_array()) {
    if (auto message = read_message(*read)) messages.push_back(std::move(*message));
    return messages;
  }
  for (json& each : *read) {
    if (messages.size() == batch_max) break;
    if (auto message = read_message(each)) messages.push_back(std::move(*message));
  }
  return messages;
}

json rpc_request(std::int64_t id, const std::string& method, json params) {
  return with_params({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}}, std::move(params));
}

json rpc_notification(const std::string& method, json params) {
  return with_params({{"jsonrpc", "2.0"}, {"method", method}}, std::move(params));
}

json rpc_cancelled(std::int64_t id) {
  return rpc_notification("notifications/cancelled", {{"requestId", id}, {"reason", "nobody waits for it any more"}});
}

json rpc_answer(const json& id, json result) { return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}; }

json rpc_failure(const json& id, int code, const std::string& message) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

int code_of_failure(const json& error) {
  const json code = error.is_object() ? error.value("code", json()) : json();
  return code.is_number_integer() ? code.get<int>() : 0;
}

std::string words_of_failure(const json& error) {
  const std::string said = text_member(error, "message");
  return (said.empty() ? std::string("an error without words") : printable(said, failure_bytes_max)) + " (" +
         std::to_string(code_of_failure(error)) + ")";
}

}  // namespace strawberry::cli
