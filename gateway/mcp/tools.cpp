#include "gateway/mcp/tools.h"

#include <algorithm>
#include <array>

#include "common/text/printable.h"
#include "gateway/http/json.h"

namespace strawberry::gateway::mcp {
namespace {

using nlohmann::json;

constexpr unsigned mendable = 200;
constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t query_bytes_max = 512;
constexpr std::size_t summary_bytes_max = 200;

json text_block(std::string text) {
  json block{{"type", "text"}};
  block["text"] = std::move(text);
  return block;
}

json answer_of(std::string text) {
  json answer;
  answer["content"] = json::array({text_block(std::move(text))});
  return answer;
}

json text_property(const char* description) { return {{"type", "string"}, {"description", description}}; }

json meta_tool(std::string_view name, const char* title, const char* description, json properties, json required) {
  json schema{{"type", "object"}, {"additionalProperties", false}};
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  json tool{{"name", name}, {"title", title}, {"description", description}};
  tool["inputSchema"] = std::move(schema);
  return tool;
}

std::string first_line(const std::string& text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return {};
  return as_data(std::string_view(text).substr(start, text.find_first_of("\r\n", start) - start), summary_bytes_max);
}

/// Returns the only text argument of a tool, or the error in it.
tl::expected<std::string, RpcError> text_argument(const json& arguments, const char* name, std::size_t bytes_max) {
  std::string value = text_member(arguments, name);
  if (!value.empty() && value.size() <= bytes_max) return value;
  return tl::unexpected(RpcError(
      mendable, rpc_code::invalid_params,
      std::string("bad_request: ") + name + " must be a text of 1 to " + std::to_string(bytes_max) + " bytes"));
}

bool is_one_of(const std::string& code, std::initializer_list<const char*> codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const char* one) { return code == one; });
}

const char* about_running(const Problem& why) {
  if (why.code == "skill_error") return "It ran, and failed.";
  return may_have_run(why) ? "Whether it ran is unknown: find out before you try again." : "It did not run.";
}

}  // namespace

tl::expected<ListMode, RpcError> list_mode_of(const Request& request) {
  const std::string_view header = request.header(mode_header);
  const std::string wanted = request.parameter(mode_parameter).value_or(std::string(header));
  if (wanted.empty() || wanted == "auto") return ListMode::automatic;
  if (wanted == "all") return ListMode::all;
  if (wanted == "search") return ListMode::search;
  return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params,
                                 "tools must be auto, all or search: " + printable(wanted, 32)));
}

json tool_of(json hub_tool) {
  const bool asks_first = is_true(hub_tool, "confirm");
  json tool = json::object();  // set one by one: nlohmann would read a list of pairs as an array
  tool["name"] = std::move(hub_tool["name"]);
  tool["title"] = hub_tool["path"];
  tool["description"] = std::move(hub_tool["description"]);
  tool["inputSchema"] = std::move(hub_tool["parameters"]);
  json& annotations = tool["annotations"];
  annotations["title"] = std::move(hub_tool["path"]);
  annotations["destructiveHint"] = asks_first;
  return tool;
}

json search_tools() {
  json search = meta_tool(search_tool, "Search skills",
                          "Finds skills of the user's devices by words of their names and descriptions. Search before "
                          "saying that something cannot be done.",
                          {{"query", text_property("One to three words, such as: play song")}}, json::array({"query"}));
  search["annotations"] = {{"readOnlyHint", true}};
  json describe = meta_tool(describe_tool, "Describe a skill",
                            "Tells what a skill does, on which devices, and the JSON Schema of its arguments.",
                            {{"name", text_property("The name, as search_skills gives it")}}, json::array({"name"}));
  describe["annotations"] = {{"readOnlyHint", true}};
  json call = meta_tool(
      call_tool, "Call a skill", "Runs a skill on a device. Describe it first to know its arguments.",
      {{"name", text_property("The name, as search_skills gives it")},
       {"arguments", {{"type", "object"}, {"description", "By name, as the schema of describe_skill has them"}}}},
      json::array({"name"}));
  return json::array({std::move(search), std::move(describe), std::move(call)});
}

tl::expected<ToolCall, RpcError> read_tool_call(const json& params) {
  ToolCall call;
  call.tool = text_member(params, "name");
  if (call.tool.empty() || call.tool.size() > name_bytes_max)
    return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params, "params.name must be a tool's name"));
  if (const json given = member(params, "arguments"); given.is_object()) {
    call.arguments = given;
  } else if (!given.is_null()) {
    return tl::unexpected(RpcError(http_bad_request, rpc_code::invalid_params, "params.arguments must be an object"));
  }
  if (call.tool == search_tool) {
    auto query = text_argument(call.arguments, "query", query_bytes_max);
    if (!query) return tl::unexpected(query.error());
    call.kind = ToolCall::Kind::search;
    call.query = std::move(*query);
  } else if (call.tool == describe_tool || call.tool == call_tool) {
    auto name = text_argument(call.arguments, "name", name_bytes_max);
    if (!name) return tl::unexpected(name.error());
    call.is_nested = true;
    call.kind = call.tool == describe_tool ? ToolCall::Kind::describe : ToolCall::Kind::skill;
    call.tool = std::move(*name);
    json nested = member(call.arguments, "arguments");
    if (!nested.is_object() && !nested.is_null())
      return tl::unexpected(
          RpcError(mendable, rpc_code::invalid_params, "bad_request: arguments must be an object (path /arguments)"));
    call.arguments = nested.is_object() ? std::move(nested) : json::object();
  }
  return call;
}

json call_result(const json& result) {
  json answer = answer_of(result.is_string() ? result.get<std::string>() : to_text(result));
  if (result.is_object()) answer["structuredContent"] = result;
  answer["isError"] = false;
  return answer;
}

json call_failure(const std::string& text) {
  json answer = answer_of(text);
  answer["isError"] = true;
  return answer;
}

json call_failure(const Problem& why) {
  std::string text = why.code + ": " + why.message;
  std::string hints;
  for (const char* name : {"path", "candidates", "retry_after_ms"}) {
    const json detail = member(why.details, name);
    if (detail.is_null()) continue;
    hints += (hints.empty() ? " (" : "; ") + std::string(name) + " " +
             (detail.is_string() ? detail.get<std::string>() : to_text(detail));
  }
  if (!hints.empty()) text += hints + ")";
  return call_failure(text + ". " + about_running(why));
}

json found_result(const json& hub_tools) {
  json skills = json::array();
  for (const json& tool : hub_tools.value("tools", json::array())) {
    json entry{{"name", text_member(tool, "name")},
               {"skill", text_member(tool, "path")},
               {"summary", first_line(text_member(tool, "description"))},
               {"device_count", member(tool, "device_count")}};
    entry["devices"] = member(tool, "devices");
    if (is_true(tool, "confirm")) entry["user_is_asked_first"] = true;
    skills.push_back(std::move(entry));
  }
  json answer{{"skills", std::move(skills)}};
  if (is_true(hub_tools, "has_more")) answer["hint"] = "there are more; other words may find what fits better";
  if (answer["skills"].empty()) answer["hint"] = "nothing fits; try other or fewer words";
  return call_result(answer);
}

json described_result(const json& hub_tools) {
  const json tools = hub_tools.value("tools", json::array());
  return call_result(tools.empty() ? json::object() : tool_of(tools.front()));
}

bool may_have_run(const Problem& why) {
  if (why.code == "device_offline") return is_true(why.details, "may_have_run");
  // Errors before anything is sent to a device; after any other error the call may have run.
  return !is_one_of(why.code, {"bad_request", "unsupported_version", "unknown_op", "forbidden", "not_found",
                               "ambiguous", "busy", "rate_limited", "quota_exceeded", "shutting_down", "unavailable"});
}

bool is_unknown_tool(const Problem& why) {
  // Also for names that no skill can have.
  return is_one_of(why.code, {"not_found", "bad_request"}) && text_member(why.details, "path") == "/tool";
}

}  // namespace strawberry::gateway::mcp
