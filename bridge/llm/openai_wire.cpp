#include "bridge/llm/openai_wire.h"

#include <stdexcept>

#include "bridge/llm/base_url.h"
#include "bridge/llm/event_reader.h"
#include "bridge/llm/openai_reply.h"
#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {
using nlohmann::json;

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

nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model, bool with_usage) {
  json body = request.options.is_object() ? request.options : json::object();
  body["model"] = model;
  body["messages"] = without_extras(request.messages);
  body["stream"] = request.on_text != nullptr;
  body.erase("stream_options");
  if (request.on_text && with_usage) body["stream_options"] = {{"include_usage", true}};
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
    sent.body = openai_request_body(request, model, takes_stream_options_);
    return sent;
  }
  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    return read_response(response, make_openai_reply());
  }
  std::unique_ptr<StreamReader> stream() const override { return make_event_reader(make_openai_reply()); }
  /// Several servers refuse `stream_options`; without it, tokens are estimated.
  bool learn(const json& body, const HttpResponse& refusal) override {
    const bool is_refused = (refusal.status == 400 || refusal.status == 422) && body.contains("stream_options") &&
                            refusal.body.find("stream_options") != std::string::npos;
    if (is_refused) takes_stream_options_ = false;
    return is_refused;
  }

 private:
  std::string url_;
  std::string api_key_;
  bool takes_stream_options_ = true;
};

}  // namespace

std::unique_ptr<Wire> make_openai_wire(const WireOptions& options) { return std::make_unique<OpenAiWire>(options); }

}  // namespace strawberry::bridge
