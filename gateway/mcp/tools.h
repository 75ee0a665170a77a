/// The hub's skills as tools of MCP, and the results of calls in the form that the model reads.
///
/// Three tools replace a list that is too long for a client: `search_skills`, `describe_skill`, `call_skill`. Their
/// names have no `-`, which every skill's name has.
///
/// Pure functions. Schemas and descriptions are the hub's own (the contract's operation `tools`).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/errors.h"
#include "gateway/http/message.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::gateway::mcp {

inline constexpr std::string_view search_tool = "search_skills";
inline constexpr std::string_view describe_tool = "describe_skill";
inline constexpr std::string_view call_tool = "call_skill";

/// The list that a connection asks for: all skills if there are at most Options::direct_tools_max, else the three
/// tools; or always one of the two.
enum class ListMode { automatic, all, search };
inline constexpr const char* mode_parameter = "tools";
inline constexpr const char* mode_header = "strawberry-tools";
/// Reads `?tools=` or the header `Strawberry-Tools`: `auto`, `all` or `search`.
tl::expected<ListMode, RpcError> list_mode_of(const Request& request);

/// Makes an MCP tool of one of the hub's `tools`, whose members it moves.
nlohmann::json tool_of(nlohmann::json hub_tool);
/// Returns the three tools.
nlohmann::json search_tools();

/// The request of a `tools/call`.
struct ToolCall {
  ToolCall() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  enum class Kind { skill, search, describe };
  Kind kind = Kind::skill;
  std::string tool;   // of a skill or a description: its tool name
  std::string query;  // of a search
  nlohmann::json arguments = nlohmann::json::object();
  bool is_nested = false;  // by `call_skill`: an unknown name is the model's error
};
/// The model's errors are RpcErrors with status 200, which the model reads and corrects.
tl::expected<ToolCall, RpcError> read_tool_call(const nlohmann::json& params);

/// Returns `{"content":…}` with the text, and `structuredContent` where the result is an object.
nlohmann::json call_result(const nlohmann::json& result);
/// Returns a result with `isError`: `code: message`, the path, and whether the skill may have run.
nlohmann::json call_failure(const Problem& why);
nlohmann::json call_failure(const std::string& text);
nlohmann::json found_result(const nlohmann::json& hub_tools);
nlohmann::json described_result(const nlohmann::json& hub_tools);

/// Returns whether a call may have run although the hub answered with this error.
bool may_have_run(const Problem& why);
/// Returns whether the error means that no tool has that name now.
bool is_unknown_tool(const Problem& why);

}  // namespace strawberry::gateway::mcp
