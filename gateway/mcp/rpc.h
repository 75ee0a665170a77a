/// JSON-RPC 2.0 as MCP uses it: the messages of one POST, and the messages of the answer.
///
/// Pure functions of untrusted text.
/// Bounds: rpc_levels_max; batch_messages_max; the size is the server's (http/server.h).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace strawberry::gateway::mcp {

inline constexpr std::size_t rpc_levels_max = 64;
inline constexpr std::size_t batch_messages_max = 32;

inline constexpr unsigned http_bad_request = 400;

namespace rpc_code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int header_mismatch = -32020;
inline constexpr int missing_client_capability = -32021;
inline constexpr int unsupported_version = -32022;
}  // namespace rpc_code

/// An error of a request, with its HTTP status.
struct RpcError {
  RpcError() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  RpcError(unsigned with_status, int with_code, std::string what, nlohmann::json more = nullptr)
      : status(with_status), code(with_code), message(std::move(what)), data(std::move(more)) {}

  unsigned status = http_bad_request;
  int code = rpc_code::invalid_request;
  std::string message;
  nlohmann::json data = nullptr;
};

struct Message {
  enum class Kind { request, notification, response };
  Message() = default;  // likewise
  Kind kind = Kind::request;
  nlohmann::json id = nullptr;  // text or a whole number; only requests have one
  std::string method;
  nlohmann::json params = nlohmann::json::object();
};

struct Post {
  std::vector<Message> messages;
  bool is_batch = false;
};

/// Reads the body of a POST. Refuses the whole batch when one of its messages is invalid.
tl::expected<Post, RpcError> read_post(const std::string& body);

nlohmann::json rpc_result(const nlohmann::json& id, nlohmann::json result);
nlohmann::json rpc_error(const nlohmann::json& id, const RpcError& error);
nlohmann::json rpc_notification(const std::string& method, nlohmann::json params);

}  // namespace strawberry::gateway::mcp
