/// Anthropic's Messages API. Differences from OpenAI's: system text is separate, user and assistant must alternate,
/// results of calls come first in the user's turn, and max_tokens is required.
#include <map>
#include <stdexcept>

#include "bridge/llm/asked_options.h"
#include "bridge/llm/base_url.h"
#include "bridge/llm/conversation.h"
#include "bridge/llm/event_reader.h"
#include "bridge/llm/wire.h"
#include "bridge/llm/wire_json.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* api_version = "2023-06-01";
constexpr int max_tokens_default = 4096;

json text_block(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

json assistant_blocks(const Turn& turn) {
  json blocks = json::array();
  for (const auto& text : turn.texts) blocks.push_back(text_block(text));
  for (const auto& call : turn.calls)
    blocks.push_back({{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", call.arguments}});
  return blocks;
}

json anthropic_messages(const Conversation& conversation) {
  json messages = json::array();
  const auto user = [&messages]() -> json& {
    if (messages.empty() || messages.back().at("role") != "user")
      messages.push_back({{"role", "user"}, {"content", json::array()}});
    return messages.back()["content"];
  };
  for (const auto& turn : conversation.turns) {
    if (!turn.is_assistant) {
      for (const auto& text : turn.texts) user().push_back(text_block(text));
      continue;
    }
    messages.push_back({{"role", "assistant"}, {"content", assistant_blocks(turn)}});
    for (const auto& call : turn.calls) {
      json result = {{"type", "tool_result"}, {"tool_use_id", call.id}, {"content", call.result}};
      if (call.is_error) result["is_error"] = true;
      user().push_back(std::move(result));
    }
  }
  return messages;
}

json input_schema(json parameters) {
  if (!parameters.is_object()) parameters = json::object();
  parameters["type"] = "object";
  return parameters;
}

/// A conversation with calls in it needs tools, even when none may be called any more.
json tools_of_history(const Conversation& conversation) {
  json tools = json::array();
  std::map<std::string, bool> named;
  for (const auto& turn : conversation.turns)
    for (const auto& call : turn.calls)
      if (!std::exchange(named[call.name], true))
        tools.push_back({{"name", call.name}, {"input_schema", input_schema({})}});
  return tools;
}

void write_anthropic_tools(const ModelRequest& request, const Conversation& conversation, AskedOptions& options,
                           json& body) {
  const auto choice = options.tool_choice();
  const bool one_at_a_time = options.one_call_at_a_time();
  if (request.tools.empty()) {
    auto tools = tools_of_history(conversation);
    if (tools.empty()) return;
    body["tools"] = std::move(tools);
    body["tool_choice"] = {{"type", "none"}};
    return;
  }
  body["tools"] = json::array();
  for (const auto& tool : request.tools) {
    json entry = {{"name", tool.name}, {"input_schema", input_schema(tool.parameters)}};
    if (!tool.description.empty()) entry["description"] = tool.description;
    body["tools"].push_back(std::move(entry));
  }
  json said;
  switch (choice.kind) {
    case ToolChoice::Kind::automatic: said = {{"type", "auto"}}; break;
    case ToolChoice::Kind::none: said = {{"type", "none"}}; break;
    case ToolChoice::Kind::required: said = {{"type", "any"}}; break;
    case ToolChoice::Kind::named: said = {{"type", "tool"}, {"name", choice.name}}; break;
  }
  if (one_at_a_time && choice.kind != ToolChoice::Kind::none) said["disable_parallel_tool_use"] = true;
  body["tool_choice"] = std::move(said);
}

void write_anthropic_options(AskedOptions& options, json& body) {
  body["max_tokens"] = options.max_tokens().value_or(max_tokens_default);
  options.move({{"temperature", "temperature"}, {"top_p", "top_p"}, {"top_k", "top_k"}}, body);
  if (const json* temperature = member(body, "temperature"); temperature && *temperature > 1)
    options.refuse("temperature", "this provider knows 0 to 1");
  if (auto stop = options.stop(); !stop.empty()) body["stop_sequences"] = std::move(stop);
  auto format = options.answer_format();
  if (format.kind == AnswerFormat::Kind::json)
    options.refuse("response_format", "this provider knows json_schema but not json_object");
  if (format.kind == AnswerFormat::Kind::schema)
    body["output_config"] = {{"format", {{"type", "json_schema"}, {"schema", std::move(format.schema)}}}};
}

std::string finish_reason_of(const std::string& stop_reason) {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") return "length";
  if (stop_reason == "refusal") return "content_filter";
  return stop_reason.empty() ? "" : "stop";
}

class AnthropicReply final : public ReplyBuilder {
 public:
  Result<bool, ProviderError> take(const json& event, const OnText& on_text) override {
    const auto type = string_at(event, "type");
    if (type == "message") return take_whole(event, on_text);
    if (type == "message_start") {
      if (const json* message = member(event, "message")) begin(*message);
    } else if (type == "content_block_start") {
      if (const json* block = member(event, "content_block")) begin_block(count_at(event, "index"), *block, on_text);
    } else if (type == "content_block_delta") {
      if (const json* delta = member(event, "delta")) take_delta(count_at(event, "index"), *delta, on_text);
    } else if (type == "message_delta") {
      if (const json* delta = member(event, "delta")) end(*delta);
      if (const json* usage = member(event, "usage")) count(*usage);
    } else if (type == "message_stop") {
      end_was_announced();
      return false;
    }
    return true;
  }

  Result<ModelReply, ProviderError> finish() override { return complete_reply(); }

 private:
  Result<bool, ProviderError> take_whole(const json& message, const OnText& on_text) {
    const json* content = member(message, "content");
    if (!content || !content->is_array()) return wire_error("bad_reply", 200, "answered without content");
    begin(message);
    std::int64_t index = 0;
    for (const auto& block : *content) begin_block(index++, block, on_text);
    end(message);
    if (reply_.finish_reason.empty()) reply_.finish_reason = "stop";
    return false;
  }

  void begin(const json& message) {
    reply_.model = printable(string_at(message, "model"), 128);
    if (const json* usage = member(message, "usage")) count(*usage);
  }

  void begin_block(std::int64_t index, const json& block, const OnText& on_text) {
    const auto type = string_at(block, "type");
    if (type == "text") say(string_at(block, "text"), on_text);
    // A streamed thought begins empty, and its pieces follow; a hidden one arrives at once.
    if (is_thought(block) && (type != "thinking" || !string_at(block, "thinking").empty())) count_piece();
    if (type != "tool_use") return;
    call_of_block_.erase(index);
    ToolCall* call = add_call(string_at(block, "id"), string_at(block, "name"));
    if (!call) return;
    // In a stream the input begins empty and follows in fragments.
    if (const json* input = member(block, "input"); input && !input->empty()) call->arguments = arguments_text(input);
    call_of_block_[index] = reply_.tool_calls.size() - 1;
  }

  void take_delta(std::int64_t index, const json& delta, const OnText& on_text) {
    const auto type = string_at(delta, "type");
    if (type == "text_delta") {
      say(string_at(delta, "text"), on_text);
      return;
    }
    count_piece();
    const auto call = call_of_block_.find(index);
    if (type == "input_json_delta" && call != call_of_block_.end())
      reply_.tool_calls[call->second].arguments += string_at(delta, "partial_json");
  }

  void end(const json& message) {
    if (auto reason = finish_reason_of(string_at(message, "stop_reason")); !reason.empty())
      reply_.finish_reason = std::move(reason);
  }

  /// Counts are totals so far. The prompt's may be sent only at the start, or again at the end.
  void count(const json& usage) {
    if (usage.contains("input_tokens"))
      reply_.usage.prompt_tokens = count_at(usage, "input_tokens") + count_at(usage, "cache_creation_input_tokens") +
                                   count_at(usage, "cache_read_input_tokens");
    if (usage.contains("output_tokens")) reply_.usage.completion_tokens = count_at(usage, "output_tokens");
  }

  std::map<std::int64_t, std::size_t> call_of_block_;
};

class AnthropicWire final : public Wire {
 public:
  explicit AnthropicWire(const WireOptions& options) : api_key_(options.api_key) {
    const auto url =
        read_base_url(options.base_url.empty() ? "https://api.anthropic.com" : options.base_url, {"/messages", "/v1"});
    if (!url) throw std::invalid_argument(url.error().message);
    url_ = url->root + "/v1/messages" + url->query;
  }

  Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const override {
    auto conversation = read_conversation(request.messages);
    if (!conversation) return tl::unexpected(conversation.error());
    let_user_begin(*conversation);
    json body = {{"model", model}, {"messages", anthropic_messages(*conversation)}, {"stream", bool(request.on_text)}};
    if (!conversation->system.empty()) body["system"] = conversation->system;
    AskedOptions options(request);
    write_anthropic_options(options, body);
    write_anthropic_tools(request, *conversation, options, body);
    if (auto problem = options.problem()) return tl::unexpected(std::move(*problem));

    Sent sent{url_, {{"Content-Type", "application/json"}, {"anthropic-version", api_version}}, std::move(body)};
    sent.headers.emplace_back("Accept", request.on_text ? "text/event-stream" : "application/json");
    if (!api_key_.empty()) sent.headers.emplace_back("x-api-key", api_key_);
    return sent;
  }

  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    return read_response(response, std::make_unique<AnthropicReply>());
  }

  std::unique_ptr<StreamReader> stream() const override {
    return make_event_reader(std::make_unique<AnthropicReply>());
  }

 private:
  std::string url_;
  std::string api_key_;
};

}  // namespace

std::unique_ptr<Wire> make_anthropic_wire(const WireOptions& options) {
  return std::make_unique<AnthropicWire>(options);
}

}  // namespace strawberry::bridge
