/// The hub's skills as tools of MCP, and what came of a call as the model reads it.
///
/// Three tools stand for all skills where a client would choke on a list of them: `search_skills`, `describe_skill`,
/// `call_skill`. Their names have no `-`, which every skill's has.
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

/// How a connection wants its list: with up to Options::direct_tools_max skills all of them, else the three; or always
/// one of the two.
enum class ListMode { automatic, all, search };
inline constexpr const char* mode_parameter = "tools";
inline constexpr const char* mode_header = "strawberry-tools";
/// Of `?tools=` or the header `Strawberry-Tools`: `auto`, `all` or `search`.
tl::expected<ListMode, RpcError> list_mode_of(const Request& request);

/// One of the hub's `tools`, whose members it takes.
nlohmann::json tool_of(nlohmann::json hub_tool);
/// The three.
nlohmann::json search_tools();

/// What a `tools/call` asks for.
struct ToolCall {
  ToolCall() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  enum class Kind { skill, search, describe };
  Kind kind = Kind::skill;
  std::string tool;   // of a skill or a description: which
  std::string query;  // of a search
  nlohmann::json arguments = nlohmann::json::object();
  bool is_nested = false;  // by `call_skill`: a name that is none is the model's to mend
};
/// Errors in what the model wrote are a RpcError with status 200, and the model's to mend.
tl::expected<ToolCall, RpcError> read_tool_call(const nlohmann::json& params);

/// `{"content":…}` with the text, and `structuredContent` where the result is an object.
nlohmann::json call_result(const nlohmann::json& result);
/// `isError`: `code: message`, where it is, and whether the skill may have run.
nlohmann::json call_failure(const Problem& why);
nlohmann::json call_failure(const std::string& text);
nlohmann::json found_result(const nlohmann::json& hub_tools);
nlohmann::json described_result(const nlohmann::json& hub_tools);

/// Whether a call that the hub answered with this may have run all the same.
bool may_have_run(const Problem& why);
/// There is no tool of that name now.
bool is_unknown_tool(const Problem& why);

}  // namespace strawberry::gateway::mcp
