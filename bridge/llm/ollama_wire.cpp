/// Ollama's own API. Differences from OpenAI's: an answer is streamed as one JSON per line, arguments are objects,
/// calls have no ids, and `options` and `format` control the answer.
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

void write_turn(const Turn& turn, json& messages) {
  const char* role = turn.is_assistant ? "assistant" : "user";
  for (const auto& text : turn.texts) messages.push_back({{"role", role}, {"content", text}});
  if (turn.calls.empty()) return;
  if (turn.texts.empty()) messages.push_back({{"role", role}, {"content", ""}});
  json& calls = messages.back()["tool_calls"] = json::array();
  for (const auto& call : turn.calls)
    calls.push_back({{"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  for (const auto& call : turn.calls)
    messages.push_back({{"role", "tool"}, {"tool_name", call.name}, {"content", call.result}});
}

json ollama_messages(const Conversation& conversation) {
  json messages = json::array();
  if (!conversation.system.empty()) messages.push_back({{"role", "system"}, {"content", conversation.system}});
  for (const auto& turn : conversation.turns) write_turn(turn, messages);
  return messages;
}

void write_ollama_tools(const ModelRequest& request, AskedOptions& options, json& body) {
  const auto choice = options.tool_choice();
  if (options.one_call_at_a_time()) options.refuse("parallel_tool_calls", "this provider cannot be held to one call");
  if (choice.kind == ToolChoice::Kind::required || choice.kind == ToolChoice::Kind::named)
    options.refuse("tool_choice", "this provider cannot be made to call a tool");
  // `none` can only be expressed by offering no tools.
  if (request.tools.empty() || choice.kind == ToolChoice::Kind::none) return;
  body["tools"] = json::array();
  for (const auto& tool : request.tools) {
    json function = {{"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}};
    body["tools"].push_back({{"type", "function"}, {"function", std::move(function)}});
  }
}

void write_ollama_options(AskedOptions& asked, json& body) {
  json options = json::object();
  asked.move({{"temperature", "temperature"},
              {"top_p", "top_p"},
              {"top_k", "top_k"},
              {"min_p", "min_p"},
              {"seed", "seed"},
              {"frequency_penalty", "frequency_penalty"},
              {"presence_penalty", "presence_penalty"},
              {"num_ctx", "num_ctx"}},
             options);
  if (auto most = asked.max_tokens()) options["num_predict"] = std::move(*most);
  if (auto stop = asked.stop(); !stop.empty()) options["stop"] = std::move(stop);
  if (!options.empty()) body["options"] = std::move(options);
  asked.move({{"keep_alive", "keep_alive"}}, body);
  auto format = asked.answer_format();
  if (format.kind == AnswerFormat::Kind::json) body["format"] = "json";
  if (format.kind == AnswerFormat::Kind::schema) body["format"] = std::move(format.schema);
}

class OllamaReply final : public ReplyBuilder {
 public:
  Result<bool, ProviderError> take(const json& event, const OnText& on_text) override {
    const json* message = member(event, "message");
    const json* done = member(event, "done");
    const bool is_done = done && *done == true;
    // Without messages it only loads the model, and reports that.
    const bool is_chat = message ? message->is_object() : is_done && string_at(event, "done_reason") != "load";
    if (!is_chat) return wire_error("bad_reply", 200, "answered with JSON that is no chat message");
    if (auto model = string_at(event, "model"); !model.empty()) reply_.model = printable(model, 128);
    if (message) take_message(*message, on_text);
    if (!is_done) return true;
    reply_.finish_reason = string_at(event, "done_reason") == "length" ? "length" : "stop";
    reply_.usage = {count_at(event, "prompt_eval_count"), count_at(event, "eval_count")};
    return false;
  }

  Result<ModelReply, ProviderError> finish() override { return complete_reply(); }

 private:
  void take_message(const json& message, const OnText& on_text) {
    say(string_at(message, "content"), on_text);
    count_pieces(thoughts_in(message));
    const json* calls = member(message, "tool_calls");
    if (!calls || !calls->is_array()) return;
    for (const auto& entry : *calls) {
      const json* function = member(entry, "function");
      if (!function) continue;
      if (ToolCall* call = add_call(string_at(entry, "id"), string_at(*function, "name")))
        call->arguments = arguments_text(member(*function, "arguments"));
    }
  }
};

class OllamaWire final : public Wire {
 public:
  explicit OllamaWire(const WireOptions& options) : api_key_(options.api_key) {
    const auto url =
        read_base_url(options.base_url.empty() ? "http://127.0.0.1:11434" : options.base_url, {"/chat", "/api", "/v1"});
    if (!url) throw std::invalid_argument(url.error().message);
    url_ = url->root + "/api/chat" + url->query;
  }

  Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const override {
    const auto conversation = read_conversation(request.messages);
    if (!conversation) return tl::unexpected(conversation.error());
    json body = {{"model", model}, {"messages", ollama_messages(*conversation)}, {"stream", bool(request.on_text)}};
    AskedOptions options(request);
    write_ollama_options(options, body);
    write_ollama_tools(request, options, body);
    if (auto problem = options.problem()) return tl::unexpected(std::move(*problem));

    Sent sent{url_, {{"Content-Type", "application/json"}}, std::move(body)};
    sent.headers.emplace_back("Accept", request.on_text ? "application/x-ndjson" : "application/json");
    if (!api_key_.empty()) sent.headers.emplace_back("Authorization", "Bearer " + api_key_);
    return sent;
  }

  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    return read_response(response, std::make_unique<OllamaReply>());
  }

  std::unique_ptr<StreamReader> stream() const override { return make_event_reader(std::make_unique<OllamaReply>()); }

 private:
  std::string url_;
  std::string api_key_;
};

}  // namespace

std::unique_ptr<Wire> make_ollama_wire(const WireOptions& options) { return std::make_unique<OllamaWire>(options); }

}  // namespace strawberry::bridge
