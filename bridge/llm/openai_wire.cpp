#include "bridge/llm/openai_wire.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "bridge/protocol/text.h"
#include "common/json_depth.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 64;
constexpr std::size_t said_bytes_max = 300;

/// Null when it is not JSON or nested too deep for the code that walks it later.
std::optional<json> parse_response(const std::string& text) {
  if (json_nests_deeper_than(text, depth_max)) return std::nullopt;
  auto parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

std::string string_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json* member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// What an error object says: {"error":{"message":…}}, {"error":"…"}, {"message":…} or one of these in an array.
std::optional<std::string> error_message(const json& body) {
  const json& object = body.is_array() && !body.empty() ? body.front() : body;
  if (const json* error = member(object, "error"); error && !error->is_null()) {
    if (error->is_string()) return error->get<std::string>();
    return string_at(*error, "message");
  }
  return std::nullopt;
}

std::string shown(const std::string& text) { return printable(text, said_bytes_max); }

std::string content_of(const json& message) {
  const json* content = member(message, "content");
  if (content && content->is_string()) return content->get<std::string>();
  std::string text;
  if (content && content->is_array())
    for (const auto& part : *content) text += string_at(part, "text");
  return text.empty() ? string_at(message, "refusal") : text;
}

/// Arguments come as JSON text; some servers send the object itself, or nothing for none.
std::string arguments_of(const json& function) {
  const json* arguments = member(function, "arguments");
  if (!arguments || arguments->is_null()) return "{}";
  if (!arguments->is_string()) return arguments->dump();
  const auto text = arguments->get<std::string>();
  return text.empty() ? "{}" : text;
}

std::vector<ToolCall> tool_calls_of(const json& message) {
  std::vector<ToolCall> calls;
  const json* list = member(message, "tool_calls");
  if (!list || !list->is_array()) return calls;
  for (const auto& call : *list) {
    const json* function = member(call, "function");
    if (!function || calls.size() == reply_tool_calls_max) continue;
    calls.push_back({string_at(call, "id"), string_at(*function, "name"), arguments_of(*function)});
  }
  return calls;
}

std::int64_t count_at(const json& usage, const char* key) {
  const json* count = member(usage, key);
  if (!count || !count->is_number_integer()) return 0;
  return std::max<std::int64_t>(0, count->get<std::int64_t>());
}

}  // namespace

Result<std::string> chat_completions_url(std::string base_url) {
  const auto is_space = [](unsigned char c) { return c <= ' '; };
  while (!base_url.empty() && is_space(static_cast<unsigned char>(base_url.back()))) base_url.pop_back();
  base_url.erase(base_url.begin(), std::find_if_not(base_url.begin(), base_url.end(), is_space));
  const auto scheme_end = base_url.find("://");
  const auto scheme = scheme_end == std::string::npos ? std::string() : base_url.substr(0, scheme_end);
  if ((scheme != "http" && scheme != "https") || base_url.size() == scheme_end + 3)
    return fail("base_url must be an http or https URL, such as http://127.0.0.1:11434/v1");
  if (base_url.find_first_of(" \t\r\n#") != std::string::npos) return fail("base_url has a character no URL has");

  std::string query;
  if (const auto mark = base_url.find('?'); mark != std::string::npos) {
    query = base_url.substr(mark);
    base_url.erase(mark);
  }
  const auto drop_slashes = [&base_url] {
    while (base_url.back() == '/') base_url.pop_back();
  };
  constexpr std::string_view endpoint = "/chat/completions";
  drop_slashes();
  if (base_url.ends_with(endpoint)) base_url.erase(base_url.size() - endpoint.size());
  drop_slashes();
  if (base_url.find('/', scheme_end + 3) == std::string::npos) base_url += "/v1";
  return base_url + std::string(endpoint) + query;
}

nlohmann::json openai_request_body(const ModelRequest& request, const std::string& model) {
  json body = request.options.is_object() ? request.options : json::object();
  body["model"] = model;
  body["messages"] = request.messages;
  body["stream"] = false;
  body.erase("stream_options");
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
  const auto refuse = [&](std::string reason, std::string message) {
    return tl::unexpected<ProviderError>(
        ProviderError{{}, std::move(reason), response.status, std::move(message), false});
  };
  const auto body = parse_response(response.body);
  if (response.status < 200 || response.status > 299) {
    const auto said = body ? error_message(*body) : std::nullopt;
    return refuse("status", "HTTP " + std::to_string(response.status) +
                                (said && !said->empty() ? ": " + shown(*said) : std::string()));
  }
  if (!body) {
    const auto first = response.body.find_first_not_of(" \t\r\n");
    const bool is_markup = first != std::string::npos && response.body[first] == '<';
    return refuse("bad_reply", is_markup ? "answered with a web page: is base_url right?" : "answered with no JSON");
  }
  if (const auto said = error_message(*body)) return refuse("error", "reported an error: " + shown(*said));
  const json* choices = member(*body, "choices");
  if (!choices || !choices->is_array()) return refuse("bad_reply", "answered with JSON that is no chat completion");
  const json* message = choices->empty() ? nullptr : member(choices->front(), "message");
  if (!message || !message->is_object()) return refuse("bad_reply", "answered without a message");

  ModelReply reply;
  reply.content = content_of(*message);
  reply.tool_calls = tool_calls_of(*message);
  reply.finish_reason = string_at(choices->front(), "finish_reason");
  if (reply.finish_reason.empty()) reply.finish_reason = "stop";
  if (!reply.tool_calls.empty()) reply.finish_reason = "tool_calls";
  reply.model = printable(string_at(*body, "model"), 128);
  if (const json* usage = member(*body, "usage"))
    reply.usage = {count_at(*usage, "prompt_tokens"), count_at(*usage, "completion_tokens")};
  return reply;
}

namespace {

/// The whole body, taken at its end.
class WholeReader final : public StreamReader {
 public:
  bool feed(std::string_view bytes, const OnText&) override {
    response_.body += bytes;
    return true;
  }
  std::size_t pieces() const override { return response_.body.empty() ? 0 : 1; }
  Result<ModelReply, ProviderError> finish() override { return read_openai_response(response_); }

 private:
  HttpResponse response_{200, {}, {}};
};

class OpenAiWire final : public Wire {
 public:
  explicit OpenAiWire(const WireOptions& options) : api_key_(options.api_key) {
    auto url = chat_completions_url(options.base_url.empty() ? "https://api.openai.com/v1" : options.base_url);
    if (!url) throw std::invalid_argument(url.error().message);
    url_ = std::move(*url);
  }

  Result<Sent, ProviderError> write(const ModelRequest& request, const std::string& model) const override {
    Sent sent{url_, {{"Content-Type", "application/json"}, {"Accept", "application/json"}}, {}};
    if (!api_key_.empty()) sent.headers.emplace_back("Authorization", "Bearer " + api_key_);
    sent.body = openai_request_body(request, model);
    return sent;
  }
  Result<ModelReply, ProviderError> read(const HttpResponse& response) const override {
    return read_openai_response(response);
  }
  std::unique_ptr<StreamReader> stream() const override { return std::make_unique<WholeReader>(); }

 private:
  std::string url_;
  std::string api_key_;
};

}  // namespace

std::unique_ptr<Wire> make_openai_wire(const WireOptions& options) { return std::make_unique<OpenAiWire>(options); }

}  // namespace strawberry
