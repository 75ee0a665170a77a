#include "bridge/chat/tensorzero.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "bridge/chat/request_members.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "common/text/strict_json.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t arguments_depth_max = 32;

/// Members that are copied unchanged.
constexpr std::array same_members = {"op",     "correlation_id", "v",         "timeout_ms",          "user_id",
                                     "stream", "session_id",     "tool_mode", "parallel_tool_calls", "tool_events"};
constexpr std::array translated_members = {"input",  "function_name",    "model_name", "episode_id",
                                           "params", "additional_tools", "tool_choice"};

template <std::size_t size>
bool is_among(const std::array<const char*, size>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) { return name == each; });
}

/// True for values that TensorZero treats as missing: null, or a switch that is off.
bool says_nothing(const json& value) { return value.is_null() || value == false; }

/// Returns a string as it is, anything else as JSON text, as TensorZero does with arguments that have no template.
std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : to_text(value); }

std::string string_of(const json& block, const char* key, const char* otherwise) {
  const json* found = value_at(block, key);
  if (!found) found = value_at(block, otherwise);
  return found && found->is_string() ? found->get<std::string>() : std::string();
}

/// One TensorZero message may become several OpenAI ones: tool results are messages of their own, and come first.
struct Blocks {
  std::string text;
  json calls = json::array();
  json results = json::array();
};

Reply<void> read_block(const json& block, const std::string& path, Blocks& blocks) {
  if (!block.is_object()) return bad_member(path, "a content block must be an object");
  const auto type = string_of(block, "type", "type");
  if (type == "text" || type == "raw_text") {
    const json* text = value_at(block, type == "text" ? "text" : "value");
    if (!text && type == "text") text = value_at(block, "arguments");
    if (!text) return bad_member(path, "a text block needs its text");
    blocks.text += (blocks.text.empty() ? "" : "\n") + text_of(*text);
  } else if (type == "tool_call") {
    const auto name = string_of(block, "name", "raw_name");
    const json* arguments = value_at(block, "arguments");
    if (!arguments) arguments = value_at(block, "raw_arguments");
    if (string_of(block, "id", "id").empty() || name.empty() || !arguments)
      return bad_member(path, "a tool_call block needs id, name and arguments");
    blocks.calls.push_back({{"id", block.at("id")},
                            {"type", "function"},
                            {"function", {{"name", name}, {"arguments", text_of(*arguments)}}}});
  } else if (type == "tool_result") {
    const json* result = value_at(block, "result");
    if (string_of(block, "id", "id").empty() || !result)
      return bad_member(path, "a tool_result block needs id and result");
    blocks.results.push_back({{"role", "tool"}, {"tool_call_id", block.at("id")}, {"content", text_of(*result)}});
  } else {
    return bad_member(path + "/type", "content blocks may be text, raw_text, tool_call or tool_result, not '" +
                                          printable(type, 64) + "'");
  }
  return {};
}

Reply<void> add_message(const json& message, const std::string& path, json& messages) {
  const auto role = message.is_object() ? string_of(message, "role", "role") : std::string();
  if (role != "user" && role != "assistant") return bad_member(path + "/role", "role must be user or assistant");
  const json* content = value_at(message, "content");
  Blocks blocks;
  if (content && content->is_array()) {
    for (std::size_t i = 0; i < content->size(); ++i) {
      auto read = read_block((*content)[i], path + "/content/" + std::to_string(i), blocks);
      if (!read) return read;
    }
  } else if (content && content->is_string()) {
    blocks.text = content->get<std::string>();
  } else {
    return bad_member(path + "/content", "content must be text or an array of content blocks");
  }
  if (role == "user" ? !blocks.calls.empty() : !blocks.results.empty())
    return bad_member(path + "/content", "calls of tools are the assistant's, and their results the user's");
  for (auto& result : blocks.results) messages.push_back(std::move(result));
  if (!blocks.results.empty() && blocks.text.empty()) return {};
  json made = {{"role", role}, {"content", blocks.text}};
  if (!blocks.calls.empty()) {
    made["tool_calls"] = std::move(blocks.calls);
    if (blocks.text.empty()) made["content"] = nullptr;
  }
  messages.push_back(std::move(made));
  return {};
}

Reply<json> read_input(const json& body) {
  const json* input = value_at(body, "input");
  if (!input || !input->is_object()) return bad_member("/input", "input must be an object");
  json messages = json::array();
  if (const json* system = value_at(*input, "system"))
    messages.push_back({{"role", "system"}, {"content", text_of(*system)}});
  for (const auto& [name, value] : input->items())
    if (name != "system" && name != "messages" && !says_nothing(value))
      return bad_member("/input/" + printable(name, 64), "this member of input is not supported");
  const json* given = value_at(*input, "messages");
  if (!given || !given->is_array() || given->empty())
    return bad_member("/input/messages", "messages must be a non-empty array");
  for (std::size_t i = 0; i < given->size(); ++i) {
    auto added = add_message((*given)[i], "/input/messages/" + std::to_string(i), messages);
    if (!added) return tl::unexpected<Error>(std::move(added.error()));
  }
  return messages;
}

Reply<void> read_params(const json& body, json& made) {
  const json* params = value_at(body, "params");
  if (!params) return {};
  if (!params->is_object()) return bad_member("/params", "params must be an object");
  for (const auto& [variant, settings] : params->items()) {
    const auto path = "/params/" + printable(variant, 64);
    if (variant != "chat_completion") return bad_member(path, "params may only be for chat_completion");
    if (!settings.is_object()) return bad_member(path, "must be an object");
    for (const auto& [name, value] : settings.items()) {
      if (value.is_null()) continue;
      if (name == "stop_sequences") {
        made["stop"] = value;
      } else if (name == "json_mode") {
        if (value == "on") made["response_format"] = {{"type", "json_object"}};
        if (value != "on" && value != "off") return bad_member(path + "/json_mode", "json_mode may be on or off");
      } else if (name == "temperature" || name == "top_p" || name == "max_tokens" || name == "seed" ||
                 name == "presence_penalty" || name == "frequency_penalty") {
        made[name] = value;
      } else {
        return bad_member(path + "/" + printable(name, 64), "this parameter is not supported");
      }
    }
  }
  return {};
}

Reply<void> read_tools(const json& body, json& made) {
  if (const json* tools = value_at(body, "additional_tools")) {
    if (!tools->is_array()) return bad_member("/additional_tools", "must be an array");
    made["tools"] = json::array();
    for (std::size_t i = 0; i < tools->size(); ++i) {
      json function = (*tools)[i];
      if (!function.is_object() || (function.contains("type") && function.at("type") != "function"))
        return bad_member("/additional_tools/" + std::to_string(i),
                          "a tool is a function: name, description, parameters");
      function.erase("type");
      made["tools"].push_back({{"type", "function"}, {"function", std::move(function)}});
    }
  }
  const json* choice = value_at(body, "tool_choice");
  if (!choice) return {};
  if (choice->is_string() && (*choice == "none" || *choice == "auto" || *choice == "required")) {
    made["tool_choice"] = *choice;
    return {};
  }
  const json* specific = choice->is_object() ? value_at(*choice, "specific") : nullptr;
  if (!specific || !specific->is_string())
    return bad_member("/tool_choice", "tool_choice may be none, auto, required or {\"specific\": name}");
  made["tool_choice"] = {{"type", "function"}, {"function", {{"name", *specific}}}};
  return {};
}

Reply<std::string> read_model(const json& body) {
  if (value_at(body, "function_name") && value_at(body, "model_name"))
    return bad_member("/function_name", "either function_name or model_name, not both");
  std::string model = string_of(body, "model_name", "model_name");
  // In the hub a slash separates provider and model; a model's own name may have colons.
  if (const auto colons = model.find("::"); colons != std::string::npos) model.replace(colons, 2, "/");
  return model;
}

std::string finish_reason_of(const std::string& openai) { return openai == "tool_calls" ? "tool_call" : openai; }

class TensorZeroFormat final : public AnswerFormat {
 public:
  TensorZeroFormat(std::string episode_id, std::string asked_for)
      : episode_id_(std::move(episode_id)), asked_for_(std::move(asked_for)) {}

  json text(const AnswerHead& head, std::string piece, bool) const override {
    json chunk = frame(head);
    chunk["content"] = json::array({{{"type", "text"}, {"id", "0"}, {"text", std::move(piece)}}});
    return chunk;
  }

  json calls(const AnswerHead& head, const std::vector<ToolCall>& calls, bool) const override {
    json chunk = frame(head);
    chunk["content"] = json::array();
    for (const auto& call : calls)
      chunk["content"].push_back(
          {{"type", "tool_call"}, {"id", call.id}, {"raw_name", call.name}, {"raw_arguments", call.arguments}});
    return chunk;
  }

  json end(const AnswerHead& head, const WholeAnswer& answer) const override {
    json chunk = frame(head);
    chunk["content"] = json::array();
    chunk["usage"] = usage_of(answer);
    chunk["finish_reason"] = finish_reason_of(answer.finish_reason);
    return chunk;
  }

  json whole(const AnswerHead& head, const WholeAnswer& answer) const override {
    json result = frame(head);
    result["content"] = json::array();
    if (!answer.content.empty() || answer.client_calls.empty())
      result["content"].push_back({{"type", "text"}, {"text", answer.content}});
    for (const auto& call : answer.client_calls) {
      const auto arguments = parse_strict_object(call.arguments, arguments_depth_max);
      result["content"].push_back({{"type", "tool_call"},
                                   {"id", call.id},
                                   {"name", call.name},
                                   {"arguments", arguments ? *arguments : json(nullptr)},
                                   {"raw_name", call.name},
                                   {"raw_arguments", call.arguments}});
    }
    result["usage"] = usage_of(answer);
    result["finish_reason"] = finish_reason_of(answer.finish_reason);
    add_session(result, answer);
    result["provider"] = head.provider;
    return result;
  }

 private:
  json frame(const AnswerHead& head) const {
    return {{"inference_id", head.id},
            {"episode_id", episode_id_},
            {"variant_name", head.provider.empty() ? asked_for_ : head.provider + "::" + head.model}};
  }
  static json usage_of(const WholeAnswer& answer) {
    json usage = {{"input_tokens", answer.usage.prompt_tokens}, {"output_tokens", answer.usage.completion_tokens}};
    if (answer.usage.estimated) usage["estimated"] = true;
    return usage;
  }

  const std::string episode_id_;
  const std::string asked_for_;
};

}  // namespace

Reply<json> openai_body_from_tensorzero(const json& body) {
  json made = json::object();
  for (const auto& [name, value] : body.items()) {
    if (is_among(same_members, name)) {
      if (!value.is_null()) made[name] = value;
    } else if (!is_among(translated_members, name) && !says_nothing(value)) {
      return bad_member("/" + printable(name, 64), "this member is not supported");
    }
  }
  auto messages = read_input(body);
  if (!messages) return messages;
  made["messages"] = std::move(*messages);
  if (auto params = read_params(body, made); !params) return tl::unexpected<Error>(std::move(params.error()));
  if (auto tools = read_tools(body, made); !tools) return tl::unexpected<Error>(std::move(tools.error()));
  auto model = read_model(body);
  if (!model) return tl::unexpected<Error>(std::move(model.error()));
  if (!model->empty()) made["model"] = std::move(*model);
  return made;
}

std::unique_ptr<AnswerFormat> tensorzero_format(const json& body) {
  auto episode_id = string_of(body, "episode_id", "episode_id");
  return std::make_unique<TensorZeroFormat>(episode_id.empty() ? new_id() : std::move(episode_id),
                                            string_of(body, "model_name", "function_name"));
}

}  // namespace strawberry::bridge
