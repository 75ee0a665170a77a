#include "bridge/llm/openai_wire.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <stdexcept>

#include "bridge/llm/answer_end.h"
#include "bridge/llm/base_url.h"
#include "bridge/llm/openai_stream.h"
#include "bridge/llm/wire_json.h"
#include "bridge/protocol/text.h"

namespace strawberry {
namespace {

using nlohmann::json;

std::vector<ToolCall> tool_calls_of(const json& message) {
  std::vector<ToolCall> calls;
  const json* list = member(message, "tool_calls");
  if (!list || !list->is_array()) return calls;
  for (const auto& call : *list) {
    const json* function = member(call, "function");
    if (!function || calls.size() == reply_tool_calls_max) continue;
    calls.push_back(
        {string_at(call, "id"), string_at(*function, "name"), arguments_text(member(*function, "arguments"))});
  }
  return calls;
}

}  // namespace

std::string openai_text(const json& message) {
  const json* content = member(message, "content");
  if (content && content->is_string()) return content->get<std::string>();
  std::string text;
  if (content && content->is_array())
    for (const auto& part : *content) text += string_at(part, "text");
  return text.empty() ? string_at(message, "refusal") : text;
}

std::string openai_finish_reason(std::string_view said) {
  const auto is_one_of = [said](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [said](std::string_view word) {
      return std::equal(said.begin(), said.end(), word.begin(), word.end(),
                        [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
    });
  };
  if (said.empty()) return {};
  if (is_one_of({"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "context_length",
                 "context_length_exceeded", "token_limit"}))
    return "length";
  if (is_one_of({"content_filter", "safety", "sensitive", "refusal", "recitation", "blocklist", "prohibited_content"}))
    return "content_filter";
  return "stop";
}

Result<std::string> chat_completions_url(const std::string& base_url) {
  auto url = read_base_url(base_url, {"/chat/completions"});
  if (!url) return tl::unexpected(url.error());
  if (!url->has_path()) url->root += "/v1";
  return url->root + "/chat/completions" + url->query;
}

namespace {

/// The mark another provider left on a call is none of OpenAI's fields.
json without_extras(json messages) {
  for (auto& message : messages)
    if (const json* calls = member(message, "tool_calls"); calls && calls->is_array())
      for (auto& call : message["tool_calls"])
        if (call.is_object()) call.erase("extra");
  return messages;
}

}  // namespace

nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model) {
  json body = request.options.is_object() ? request.options : json::object();
  body["model"] = model;
  body["messages"] = without_extras(request.messages);
  body["stream"] = request.on_text != nullptr;
  body.erase("stream_options");
  if (request.on_text) body["stream_options"] = {{"include_usage", true}};
  if (request.tools.empty()) {
    // Servers refuse a choice among no tools.
    for (const char* key : {"tools", "tool_choice", "parallel_tool_calls"}) body.erase(key);
    return body;
  }
  json tools = json::array();
  for (const auto& tool : request.tools) {
    json function = {{"name", tool.name}, {"parameters", tool.parameters}};
    if (!tool.description.empty()) function["description"] = tool.description;
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  body["tools"] = std::move(tools);
  return body;
}

Result<ModelReply, ProviderError> read_openai_response(const HttpResponse& response) {
  const auto is_no_reply = [&](std::string message) {
    return wire_error("bad_reply", response.status, std::move(message));
  };
  const auto body = successful_json(response);
  if (!body) return tl::unexpected(body.error());
  const json* choices = member(*body, "choices");
  if (!choices || !choices->is_array()) return is_no_reply("answered with JSON that is no chat completion");
  const json* message = choices->empty() ? nullptr : member(choices->front(), "message");
  if (!message || !message->is_object()) return is_no_reply("answered without a message");

  ModelReply reply;
  reply.content = openai_text(*message);
  reply.tool_calls = tool_calls_of(*message);
  reply.finish_reason = openai_finish_reason(string_at(choices->front(), "finish_reason"));
  if (reply.finish_reason.empty()) reply.finish_reason = "stop";
  reply.model = printable(string_at(*body, "model"), 128);
  if (const json* usage = member(*body, "usage"))
    reply.usage = {count_at(*usage, "prompt_tokens"), count_at(*usage, "completion_tokens")};
  return settle_calls(std::move(reply));
}

namespace {

class OpenAiWire final : public Wire {
 public:
  explicit OpenAiWire(const WireOptions& options) : api_key_(options.api_key) {
    auto url = chat_completions_url(options.base_url.empty() ? "https://api.openai.com/v1" : options.base_url);
    if (!url) throw std::invalid_argument(url.error().message);
    url_ = std::move(*url);
  }

  Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const override {
    const char* accepted = request.on_text ? "text/event-stream, application/json" : "application/json";
    Sent sent{url_, {{"Content-Type", "application/json"}, {"Accept", accepted}}, {}};
    if (!api_key_.empty()) sent.headers.emplace_back("Authorization", "Bearer " + api_key_);
    sent.body = openai_request_body(request, model);
    return sent;
  }
  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    return read_openai_response(response);
  }
  std::unique_ptr<StreamReader> stream() const override { return make_openai_stream(); }

 private:
  std::string url_;
  std::string api_key_;
};

}  // namespace

std::unique_ptr<Wire> make_openai_wire(const WireOptions& options) { return std::make_unique<OpenAiWire>(options); }

}  // namespace strawberry
