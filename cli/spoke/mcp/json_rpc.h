/// Parses and makes messages of JSON-RPC 2.0 as MCP uses it.
///
/// Pure.   Errors: read_rpc() leaves out what is not a message.
/// Bounds: the caller limits the bytes; messages nest at most common/contract's depth_max, a batch has batch_max.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace strawberry::cli {

struct RpcMessage {
  enum class Kind { answer, failure, request, notification };
  Kind kind = Kind::notification;
  nlohmann::json id;     // an integer or a text; null for a notification
  std::string method;    // of a request or notification
  nlohmann::json value;  // the result of an answer, the error of a failure, else the params
};

inline constexpr std::size_t batch_max = 64;

/// Returns the messages of one text; empty when it cannot be parsed.
std::vector<RpcMessage> read_rpc(std::string_view text);

/// `params` null: none.
nlohmann::json rpc_request(std::int64_t id, const std::string& method, nlohmann::json params);
nlohmann::json rpc_notification(const std::string& method, nlohmann::json params);
nlohmann::json rpc_cancelled(std::int64_t id);
nlohmann::json rpc_answer(const nlohmann::json& id, nlohmann::json result);
nlohmann::json rpc_failure(const nlohmann::json& id, int code, const std::string& message);

/// Returns the error in words: `Unknown tool: x (-32602)`.
std::string words_of_failure(const nlohmann::json& error);
int code_of_failure(const nlohmann::json& error);

inline constexpr int rpc_method_not_found = -32601;

}  // namespace strawberry::cli
