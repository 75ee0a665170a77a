#include "bridge/chat/chat_request.h"

#include <algorithm>
#include <array>
#include <set>

#include "bridge/chat/request_members.h"
#include "common/contract/schemas/complaint.h"
#include "common/contract/schemas/near_name.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Members that the hub itself reads, or writes for the provider; all others are passed on.
constexpr std::array own_fields = {
    "op",     "correlation_id", "v",         "timeout_ms",    "session_id", "tool_mode", "messages",   "model", "tools",
    "stream", "stream_options", "functions", "function_call", "n",          "user_id",   "tool_events"};

/// Returns the hub's member that `name` probably misspells; empty when there is none. A provider would silently ignore
/// it.
std::string hubs_own(const std::string& name) {
  constexpr std::size_t bytes_min = 5;
  if (name.size() < bytes_min) return {};
  return nearest_name(name, {"session_id", "tool_mode"}).value_or("");
}

bool is_tool_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

std::string string_or(const json& object, const char* key, std::string otherwise) {
  const json* found = value_at(object, key);
  return found && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

/// Reads text, or text parts joined by line feeds, since not every server accepts parts.
Reply<json> read_content(const json& message, const std::string& path) {
  const json* content = value_at(message, "content");
  if (!content) return json(nullptr);
  if (content->is_string()) return *content;
  if (!content->is_array()) return bad_member(path, "content must be text, null or an array of text parts");
  std::string text;
  for (std::size_t i = 0; i < content->size(); ++i) {
    const auto& part = (*content)[i];
    if (!part.is_object() || string_or(part, "type", "") != "text" || !part.contains("text") ||
        !part.at("text").is_string())
      return bad_member(path + "/" + std::to_string(i), "only text parts are supported");
    text += (i == 0 ? "" : "\n") + part.at("text").get<std::string>();
  }
  return json(text);
}

Reply<json> read_tool_calls(const json& message, const std::string& path) {
  json calls = json::array();
  const json* given = value_at(message, "tool_calls");
  if (!given) return calls;
  if (!given->is_array() || given->size() > 128)
    return bad_member(path, "tool_calls must be an array of at most 128 calls");
  for (const auto& call : *given) {
    const bool is_call = call.is_object() && call.contains("function") && call.at("function").is_object();
    if (!is_call || string_or(call, "id", "").empty() || string_or(call.at("function"), "name", "").empty())
      return bad_member(path, "each tool call needs an id and a function with a name");
    calls.push_back({{"id", call.at("id")},
                     {"type", "function"},
                     {"function",
                      {{"name", call.at("function").at("name")},
                       {"arguments", string_or(call.at("function"), "arguments", "{}")}}}});
    const auto extra = string_or(call, "extra", "");
    if (extra.size() > tool_call_extra_bytes_max) return bad_member(path, "a tool call's extra is at most 8 KiB");
    if (!extra.empty()) calls.back()["extra"] = extra;
  }
  return calls;
}

Reply<json> read_message(const json& message, const std::string& path) {
  if (!message.is_object()) return bad_member(path, "a message must be an object");
  const auto role = string_or(message, "role", "");
  const bool is_known =
      role == "system" || role == "developer" || role == "user" || role == "assistant" || role == "tool";
  if (!is_known) return bad_member(path + "/role", "role must be system, developer, user, assistant or tool");
  auto content = read_content(message, path + "/content");
  if (!content) return content;
  json read = {{"role", role}, {"content", std::move(*content)}};
  if (role == "assistant") {
    auto calls = read_tool_calls(message, path + "/tool_calls");
    if (!calls) return calls;
    if (!calls->empty()) read["tool_calls"] = std::move(*calls);
  }
  if (role == "tool") {
    read["tool_call_id"] = string_or(message, "tool_call_id", "");
    if (read["tool_call_id"].get<std::string>().empty())
      return bad_member(path + "/tool_call_id", "a tool message needs its tool_call_id");
  }
  if (read["content"].is_null() && !read.contains("tool_calls"))
    return bad_member(path + "/content", "the message has no content");
  if (const auto name = string_or(message, "name", ""); !name.empty()) read["name"] = name;
  return read;
}

/// Checks a conversation: each call must be followed by its result, and each result must follow its call. Providers
/// refuse anything else. The hub must not remove such a part either, since the client relies on it.
class OpenCalls {
 public:
  Reply<void> next(const json& message, std::size_t at) {
    const std::string path = "/messages/" + std::to_string(at);
    if (message.at("role") == "tool") {
      if (ids_.erase(message.at("tool_call_id").get<std::string>()) == 1) return {};
      return bad_member(path + "/tool_call_id", "this answers no call of the assistant's message before it");
    }
    if (auto answered = end(); !answered) return answered;
    at_ = at;
    if (const json* calls = value_at(message, "tool_calls"))
      for (const auto& call : *calls)
        if (!ids_.insert(call.at("id").get<std::string>()).second)
          return bad_member(path + "/tool_calls", "two calls have one id");
    return {};
  }
  Reply<void> end() const {
    if (ids_.empty()) return {};
    return bad_member("/messages/" + std::to_string(at_) + "/tool_calls", "each call needs its result right behind it");
  }

 private:
  std::set<std::string> ids_;  // of calls without a result yet
  std::size_t at_ = 0;         // index of the message that made them
};

Reply<std::vector<Tool>> read_tools(const json& body, std::size_t tools_max) {
  std::vector<Tool> tools;
  const json* given = value_at(body, "tools");
  if (!given) return tools;
  if (!given->is_array() || given->size() > tools_max)
    return bad_member("/tools", "tools must be an array of at most " + std::to_string(tools_max));
  std::set<std::string> seen;
  for (std::size_t i = 0; i < given->size(); ++i) {
    const auto path = "/tools/" + std::to_string(i) + "/function";
    const auto& entry = (*given)[i];
    if (!entry.is_object() || !entry.contains("function") || !entry.at("function").is_object())
      return bad_member(path, "a tool needs a function");
    const auto& function = entry.at("function");
    Tool tool;
    tool.name = string_or(function, "name", "");
    if (!is_tool_name(tool.name))
      return bad_member(path + "/name", "a tool's name is 1 to 64 of A-Z, a-z, 0-9, _ and -");
    if (!seen.insert(tool.name).second) return bad_member(path + "/name", "two tools have this name");
    tool.description = string_or(function, "description", "");
    const json* parameters = value_at(function, "parameters");
    tool.parameters = parameters ? *parameters : json{{"type", "object"}, {"properties", json::object()}};
    if (!tool.parameters.is_object())
      return bad_member(path + "/parameters", "parameters must be a JSON Schema object");
    tools.push_back(std::move(tool));
  }
  return tools;
}

}  // namespace

Reply<ChatRequest> ChatRequest::read(const json& body, const Options& limits) {
  ChatRequest request;
  const json* messages = value_at(body, "messages");
  if (!messages || !messages->is_array() || messages->empty())
    return bad_member("/messages", "messages must be a non-empty array");
  if (messages->size() > limits.messages_max)
    return bad_member("/messages", "there may be at most " + std::to_string(limits.messages_max) + " messages");
  OpenCalls calls;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    auto message = read_message((*messages)[i], "/messages/" + std::to_string(i));
    if (!message) return tl::unexpected(message.error());
    if (auto sound = calls.next(*message, i); !sound) return tl::unexpected(sound.error());
    const auto role = message->at("role").get<std::string>();
    (role == "system" || role == "developer" ? request.system_messages : request.messages)
        .push_back(std::move(*message));
  }
  if (auto sound = calls.end(); !sound) return tl::unexpected(sound.error());
  // Without a session the client's order is kept, wherever its system messages are.
  request.session_id = string_or(body, "session_id", "");
  if (request.session_id.empty()) {
    json all = json::array();
    for (std::size_t i = 0, system = 0, other = 0; i < messages->size(); ++i) {
      const auto role = (*messages)[i].at("role").get<std::string>();
      const bool is_system = role == "system" || role == "developer";
      all.push_back(is_system ? request.system_messages[system++] : request.messages[other++]);
    }
    request.messages = std::move(all);
    request.system_messages = json::array();
  }

  for (const char* field : {"functions", "function_call"})
    if (value_at(body, field))
      return bad_member("/" + std::string(field), "this is not supported: use tools and tool_choice");
  auto tools = read_tools(body, limits.client_tools_max);
  if (!tools) return tl::unexpected(tools.error());
  request.client_tools = std::move(*tools);
  const auto mode = string_or(body, "tool_mode", "native");
  if (mode != "native" && mode != "python" && mode != "none")
    return bad_member("/tool_mode", "tool_mode may be native, python or none");
  request.tool_mode = mode == "native" ? ToolMode::native : mode == "python" ? ToolMode::python : ToolMode::none;
  const json* choice = value_at(body, "tool_choice");
  request.may_call = !(choice && choice->is_string() && *choice == "none");
  if (const json* n = value_at(body, "n"); n && *n != 1) return bad_member("/n", "only one choice is made");
  request.model = string_or(body, "model", "");
  if (request.model.size() > limits.model_bytes_max) return bad_member("/model", "the model's name is too long");
  request.stream = body.contains("stream") && body.at("stream") == true;
  request.tool_events = request.stream || (body.contains("tool_events") && body.at("tool_events") == true);

  request.options = body;
  for (const char* field : own_fields) request.options.erase(field);
  for (const auto& [name, value] : request.options.items())
    if (const auto meant = hubs_own(name); !meant.empty())
      return error(ErrorCode::bad_request, name + " is not known here; perhaps " + meant + " is meant",
                   {{"path", json_pointer({name})}, {"meant", meant}});
  return request;
}

void ChatRequest::put_first(std::string system_text) {
  json& front = session_id.empty() ? messages : system_messages;
  front.insert(front.begin(), json{{"role", "system"}, {"content", std::move(system_text)}});
}

}  // namespace strawberry::bridge
