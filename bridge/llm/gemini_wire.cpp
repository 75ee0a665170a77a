/// Google's Gemini API. Differences from OpenAI's: the URL names the model, calls and their results are matched by
/// position, schemas are a subset of OpenAPI's, a refused prompt is an answer without candidates, and a call may have a
/// signature that must be sent back with it.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "bridge/llm/asked_options.h"
#include "bridge/llm/base_url.h"
#include "bridge/llm/conversation.h"
#include "bridge/llm/event_reader.h"
#include "bridge/llm/gemini_schema.h"
#include "bridge/llm/retry_after.h"
#include "bridge/llm/wire.h"
#include "bridge/llm/wire_json.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// Google's documented placeholder for the signature of calls that its model did not make.
constexpr const char* foreign_signature = "skip_thought_signature_validator";

/// Returns `gemini-2.0-flash`, `models/…` or `tunedModels/…` as the end of the path. The name comes from clients: it
/// must not change other parts of the URL.
std::string model_path(std::string_view model) {
  std::string path = "/models/";
  if (model.starts_with("models/")) model.remove_prefix(7);
  if (model.starts_with("tunedModels/")) {
    model.remove_prefix(12);
    path = "/tunedModels/";
  }
  constexpr char hex[] = "0123456789ABCDEF";
  for (const char c : model) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (is_plain) {
      path += c;
    } else {
      path += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return path;
}

/// Only the third generation requires signatures; older models refuse those that they did not make.
bool wants_signatures(std::string_view model) { return model.find("gemini-3") != std::string_view::npos; }

json call_parts(const Turn& turn, bool sign_foreign) {
  json parts = json::array();
  for (const auto& call : turn.calls) {
    json part = {{"functionCall", {{"id", call.id}, {"name", call.name}, {"args", call.arguments}}}};
    if (!call.extra.empty()) {
      part["thoughtSignature"] = call.extra;
    } else if (sign_foreign && parts.empty()) {
      part["thoughtSignature"] = foreign_signature;  // of parallel calls only the first has one
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

json result_parts(const Turn& turn) {
  json parts = json::array();
  for (const auto& call : turn.calls) {
    const auto parsed = parse_wire(call.result);
    json response = parsed && parsed->is_object() ? *parsed : json{{"result", call.result}};
    parts.push_back({{"functionResponse", {{"id", call.id}, {"name", call.name}, {"response", std::move(response)}}}});
  }
  return parts;
}

json contents_of(const Conversation& conversation, bool sign_foreign) {
  json contents = json::array();
  for (const auto& turn : conversation.turns) {
    json parts = json::array();
    for (const auto& text : turn.texts) parts.push_back({{"text", text}});
    for (auto& part : call_parts(turn, sign_foreign)) parts.push_back(std::move(part));
    contents.push_back({{"role", turn.is_assistant ? "model" : "user"}, {"parts", std::move(parts)}});
    if (!turn.calls.empty()) contents.push_back({{"role", "user"}, {"parts", result_parts(turn)}});
  }
  return contents;
}

/// The full JSON Schema, for schemas that the subset cannot express; needs a newer model.
json full_schema(json schema) {
  schema.erase("$schema");
  return schema;
}

json declaration_of(const Tool& tool) {
  json declaration = {{"name", tool.name}, {"description", tool.description}};
  const json* properties = member(tool.parameters, "properties");
  const bool takes_none = string_at(tool.parameters, "type") == "object" && (!properties || properties->empty()) &&
                          tool.parameters.value("additionalProperties", json(false)) == false;
  if (takes_none) return declaration;
  if (auto schema = gemini_schema(tool.parameters)) {
    declaration["parameters"] = std::move(*schema);
  } else {
    declaration["parametersJsonSchema"] = full_schema(tool.parameters);
  }
  return declaration;
}

void write_gemini_tools(const ModelRequest& request, AskedOptions& options, json& body) {
  const auto choice = options.tool_choice();
  if (options.one_call_at_a_time()) options.refuse("parallel_tool_calls", "this provider cannot be held to one call");
  if (request.tools.empty()) return;
  json declarations = json::array();
  for (const auto& tool : request.tools) declarations.push_back(declaration_of(tool));
  body["tools"] = json::array({json{{"functionDeclarations", std::move(declarations)}}});
  json config;
  switch (choice.kind) {
    case ToolChoice::Kind::automatic: config = {{"mode", "AUTO"}}; break;
    case ToolChoice::Kind::none: config = {{"mode", "NONE"}}; break;
    case ToolChoice::Kind::required: config = {{"mode", "ANY"}}; break;
    case ToolChoice::Kind::named:
      config = {{"mode", "ANY"}, {"allowedFunctionNames", json::array({choice.name})}};
      break;
  }
  body["toolConfig"] = {{"functionCallingConfig", std::move(config)}};
}

void write_gemini_options(AskedOptions& options, json& body) {
  json config = json::object();
  options.move({{"temperature", "temperature"},
                {"top_p", "topP"},
                {"top_k", "topK"},
                {"seed", "seed"},
                {"presence_penalty", "presencePenalty"},
                {"frequency_penalty", "frequencyPenalty"}},
               config);
  if (auto most = options.max_tokens()) config["maxOutputTokens"] = std::move(*most);
  if (auto stop = options.stop(); !stop.empty()) config["stopSequences"] = std::move(stop);
  const auto format = options.answer_format();
  if (format.kind != AnswerFormat::Kind::text) config["responseMimeType"] = "application/json";
  if (format.kind == AnswerFormat::Kind::schema) {
    if (auto schema = gemini_schema(format.schema)) {
      config["responseSchema"] = std::move(*schema);
    } else {
      config["responseJsonSchema"] = full_schema(format.schema);
    }
  }
  if (!config.empty()) body["generationConfig"] = std::move(config);
}

/// Whole responses and the chunks of a stream have the same format.
class GeminiReply final : public ReplyBuilder {
 public:
  Result<bool, ProviderError> take(const json& event, const OnText& on_text) override {
    if (auto model = string_at(event, "modelVersion"); !model.empty()) reply_.model = printable(model, 128);
    if (const json* usage = member(event, "usageMetadata")) count(*usage);
    const json* candidates = member(event, "candidates");
    if (!candidates || !candidates->is_array() || candidates->empty()) {
      const json* feedback = member(event, "promptFeedback");
      const auto reason = feedback ? string_at(*feedback, "blockReason") : std::string();
      if (!reason.empty()) return wire_error("blocked", 200, "refused the prompt: " + shown_text(reason));
      return true;
    }
    const json& candidate = candidates->front();
    if (const json* content = member(candidate, "content"))
      if (const json* parts = member(*content, "parts"); parts && parts->is_array())
        for (const auto& part : *parts) take_part(part, on_text);
    return end(string_at(candidate, "finishReason"));
  }

  Result<ModelReply, ProviderError> finish() override { return complete_reply(); }

 private:
  void take_part(const json& part, const OnText& on_text) {
    if (const json* function = member(part, "functionCall")) {
      if (ToolCall* call = add_call(string_at(*function, "id"), string_at(*function, "name"))) {
        call->arguments = arguments_text(member(*function, "args"));
        call->extra = string_at(part, "thoughtSignature");
        if (call->extra.size() > tool_call_extra_bytes_max) call->extra.clear();
      }
      return;
    }
    if (is_thought(part)) {
      count_piece();
    } else {
      say(string_at(part, "text"), on_text);
    }
  }

  Result<bool, ProviderError> end(const std::string& reason) {
    if (reason.empty() || reason == "FINISH_REASON_UNSPECIFIED") return true;
    if (is_one_of(reason, {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
                           "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE"}))
      return wire_error("bad_reply", 200, "gave up its answer: " + reason);
    const bool is_filtered =
        is_one_of(reason, {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"});
    reply_.finish_reason = reason == "MAX_TOKENS" ? "length" : is_filtered ? "content_filter" : "stop";
    return true;  // the usage may follow
  }

  /// Totals so far; thoughts cost as much as answers.
  void count(const json& usage) {
    if (usage.contains("promptTokenCount"))
      reply_.usage.prompt_tokens = count_at(usage, "promptTokenCount") + count_at(usage, "toolUsePromptTokenCount");
    if (usage.contains("candidatesTokenCount") || usage.contains("thoughtsTokenCount"))
      reply_.usage.completion_tokens = count_at(usage, "candidatesTokenCount") + count_at(usage, "thoughtsTokenCount");
  }
};

/// Google's body says how long to wait: {"error":{"details":[{"retryDelay":"23s"}]}}.
std::optional<std::chrono::milliseconds> retry_delay_of(const HttpResponse& response) {
  const auto body = parse_wire(response.body);
  if (!body) return std::nullopt;
  const json& object = body->is_array() && !body->empty() ? body->front() : *body;
  const json* error = member(object, "error");
  const json* details = error ? member(*error, "details") : nullptr;
  if (!details || !details->is_array()) return std::nullopt;
  for (const auto& detail : *details)
    if (auto delay = string_at(detail, "retryDelay"); delay.ends_with('s')) {
      delay.pop_back();
      return retry_after_of({response.status, {{"retry-after", delay}}, {}});
    }
  return std::nullopt;
}

class GeminiWire final : public Wire {
 public:
  explicit GeminiWire(const WireOptions& options) : api_key_(options.api_key) {
    const auto url = read_base_url(
        options.base_url.empty() ? "https://generativelanguage.googleapis.com" : options.base_url, {"/models"});
    if (!url) throw std::invalid_argument(url.error().message);
    base_ = *url;
    const auto is_version = [&](const char* version) { return base_.has_path() && base_.root.ends_with(version); };
    if (!is_version("/v1beta") && !is_version("/v1alpha") && !is_version("/v1")) base_.root += "/v1beta";
  }

  Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const override {
    auto conversation = read_conversation(request.messages);
    if (!conversation) return tl::unexpected(conversation.error());
    let_user_begin(*conversation);
    json body = {{"contents", contents_of(*conversation, wants_signatures(model))}};
    if (!conversation->system.empty())
      body["systemInstruction"] = {{"parts", json::array({json{{"text", conversation->system}}})}};
    AskedOptions options(request);
    write_gemini_options(options, body);
    write_gemini_tools(request, options, body);
    if (auto problem = options.problem()) return tl::unexpected(std::move(*problem));

    Sent sent{url_of(model, bool(request.on_text)), {{"Content-Type", "application/json"}}, std::move(body)};
    sent.headers.emplace_back("Accept", request.on_text ? "text/event-stream" : "application/json");
    if (!api_key_.empty()) sent.headers.emplace_back("x-goog-api-key", api_key_);
    return sent;
  }

  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    auto reply = read_response(response, std::make_unique<GeminiReply>());
    if (!reply && reply.error().reason == "status" && !reply.error().retry_after)
      reply.error().retry_after = retry_delay_of(response);
    return reply;
  }

  std::unique_ptr<StreamReader> stream() const override { return make_event_reader(std::make_unique<GeminiReply>()); }

 private:
  std::string url_of(const std::string& model, bool is_streamed) const {
    const auto url = base_.root + model_path(model);
    if (!is_streamed) return url + ":generateContent" + base_.query;
    return url + ":streamGenerateContent" + (base_.query.empty() ? "?" : base_.query + "&") + "alt=sse";
  }

  BaseUrl base_;
  std::string api_key_;
};

}  // namespace

std::unique_ptr<Wire> make_gemini_wire(const WireOptions& options) { return std::make_unique<GeminiWire>(options); }

}  // namespace strawberry::bridge
