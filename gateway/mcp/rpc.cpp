#include "gateway/mcp/rpc.h"

#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

tl::unexpected<RpcError> invalid(std::string why) {
  return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_request, std::move(why)));
}

tl::expected<Message, RpcError> read_message(const json& said) {
  if (!said.is_object() || text_member(said, "jsonrpc") != "2.0") return invalid("this is no message of JSON-RPC 2.0");
  Message message;
  const auto id = said.find("id");
  const auto method = said.find("method");
  if (method == said.end()) {
    const bool is_response = id != said.end() && (said.contains("result") || said.contains("error"));
    if (!is_response) return invalid("method is missing");
    message.kind = Message::Kind::response;
    return message;
  }
  if (!method->is_string()) return invalid("method must be a text");
  message.method = method->get<std::string>();
  if (id == said.end()) {
    message.kind = Message::Kind::notification;
  } else if (id->is_string() || id->is_number_integer()) {
    message.id = *id;
  } else {
    return invalid("id must be a text or a whole number");
  }
  if (const auto params = said.find("params"); params != said.end()) {
    if (!params->is_object()) return invalid("params must be an object");
    message.params = *params;
  }
  return message;
}

}  // namespace

tl::expected<Post, RpcError> read_post(const std::string& body) {
  const auto unreadable = [] {
    return tl::unexpected(RpcError(http_bad_request, rpc_code::parse_error, "the body is not JSON"));
  };
  if (json_nests_deeper_than(body, rpc_levels_max)) return invalid("the body nests too deep");
  if (body.find('\0') != std::string::npos) return unreadable();  // the parser would stop at a NUL
  const json said = json_from(body);
  if (said.is_discarded()) return unreadable();
  Post post;
  post.is_batch = said.is_array();
  if (post.is_batch && (said.empty() || said.size() > batch_messages_max)) {
    return invalid("a batch has 1 to " + std::to_string(batch_messages_max) + " messages");
  }
  const json all = post.is_batch ? said : json::array({said});
  for (const json& one : all) {
    auto message = read_message(one);
    if (!message) return tl::unexpected(message.error());
    post.messages.push_back(std::move(*message));
  }
  return post;
}

json rpc_result(const json& id, json result) {
  json answer{{"jsonrpc", "2.0"}, {"id", id}};
  answer["result"] = std::move(result);
  return answer;
}

json rpc_error(const json& id, const RpcError& error) {
  json said{{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null()) said["data"] = error.data;
  json answer{{"jsonrpc", "2.0"}};
  // An error that belongs to no request has no id.
  if (!id.is_null()) answer["id"] = id;
  answer["error"] = std::move(said);
  return answer;
}

json rpc_notification(const std::string& method, json params) {
  json said{{"jsonrpc", "2.0"}, {"method", method}};
  if (!params.is_null()) said["params"] = std::move(params);
  return said;
}

}  // namespace strawberry::gateway::mcp
