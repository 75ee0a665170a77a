#include "tests/support/stub_llm/stub_answer.h"

#include <memory>

namespace strawberry {
namespace {

nlohmann::json completion(nlohmann::json message, const std::string& finish_reason) {
  nlohmann::json choice = {{"index", 0}, {"message", std::move(message)}, {"finish_reason", finish_reason}};
  return {{"id", "chatcmpl-stub"},
          {"object", "chat.completion"},
          {"created", 1700000000},
          {"model", "stub-model"},
          {"choices", nlohmann::json::array({std::move(choice)})},
          {"usage", {{"prompt_tokens", 11}, {"completion_tokens", 7}, {"total_tokens", 18}}}};
}

std::string text_of(const nlohmann::json& message) {
  const auto content = message.find("content");
  return content != message.end() && content->is_string() ? content->get<std::string>() : std::string();
}

/// One event of a streamed completion.
std::string chunk(nlohmann::json delta, nlohmann::json finish_reason = nullptr) {
  nlohmann::json choice = {{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  const nlohmann::json event = {{"id", "chatcmpl-stub"},
                                {"object", "chat.completion.chunk"},
                                {"created", 1700000000},
                                {"model", "stub-model"},
                                {"choices", nlohmann::json::array({std::move(choice)})}};
  return "data: " + event.dump() + "\n\n";
}

std::string last_chunks(const std::string& finish_reason, const nlohmann::json& usage) {
  const nlohmann::json event = {{"id", "chatcmpl-stub"},
                                {"object", "chat.completion.chunk"},
                                {"model", "stub-model"},
                                {"choices", nlohmann::json::array()},
                                {"usage", usage}};
  return chunk(nlohmann::json::object(), finish_reason) + "data: " + event.dump() + "\n\ndata: [DONE]\n\n";
}

StubAnswer event_stream(StubAnswer::PieceAt piece_at, StubAnswer::End end) {
  StubAnswer answer;
  answer.kind = StubAnswer::Kind::stream;
  answer.content_type = "text/event-stream";
  answer.piece_at = std::move(piece_at);
  answer.end = end;
  return answer;
}

const nlohmann::json& messages_of(const StubRequest& request) {
  static const nlohmann::json none = nlohmann::json::array();
  if (!request.body.is_object() || !request.body.contains("messages")) return none;
  return request.body.at("messages");
}

}  // namespace

StubAnswer StubAnswer::words(const std::string& text) {
  StubAnswer answer;
  answer.body = completion({{"role", "assistant"}, {"content", text}}, "stop").dump();
  answer.streams_when_asked = true;
  return answer;
}

StubAnswer StubAnswer::tool_calls(const std::vector<std::pair<std::string, nlohmann::json>>& calls) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, arguments] : calls) {
    const std::string text = arguments.is_string() ? arguments.get<std::string>() : arguments.dump();
    list.push_back({{"id", "call_stub_" + std::to_string(list.size())},
                    {"type", "function"},
                    {"function", {{"name", name}, {"arguments", text}}}});
  }
  StubAnswer answer;
  answer.body =
      completion({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", std::move(list)}}, "tool_calls").dump();
  answer.streams_when_asked = true;
  return answer;
}

StubAnswer StubAnswer::http(int status, std::string body, std::string content_type) {
  StubAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.content_type = std::move(content_type);
  return answer;
}

StubAnswer StubAnswer::html() {
  return http(200, "<!doctype html><html><body><h1>Welcome to the router</h1></body></html>", "text/html");
}

StubAnswer StubAnswer::hang() {
  StubAnswer answer;
  answer.kind = Kind::hang;
  return answer;
}

StubAnswer StubAnswer::cut() {
  StubAnswer answer;
  answer.kind = Kind::cut;
  return answer;
}

StubAnswer StubAnswer::stream(std::vector<StubPiece> pieces, End end) {
  const auto kept = std::make_shared<const std::vector<StubPiece>>(std::move(pieces));
  return event_stream(
      [kept](std::size_t at) -> std::optional<StubPiece> {
        if (at >= kept->size()) return std::nullopt;
        return (*kept)[at];
      },
      end);
}

StubAnswer StubAnswer::stream_of(std::size_t size, const std::string& body, End end) {
  std::vector<StubPiece> pieces;
  for (std::size_t at = 0; at < body.size(); at += size) pieces.push_back({body.substr(at, size)});
  return stream(std::move(pieces), end);
}

StubAnswer StubAnswer::tokens(std::size_t count, double per_second) {
  const std::chrono::microseconds apart(static_cast<std::int64_t>(1e6 / per_second));
  return event_stream(
      [count, apart](std::size_t at) -> std::optional<StubPiece> {
        if (at > count) return std::nullopt;
        if (at < count) return StubPiece{chunk({{"content", std::to_string(at) + " "}}), apart};
        return StubPiece{last_chunks("stop", {{"prompt_tokens", 11}, {"completion_tokens", count}})};
      },
      End::complete);
}

StubAnswer StubAnswer::as_stream() const {
  const auto whole = nlohmann::json::parse(body);
  const auto& choice = whole.at("choices").at(0);
  const auto& message = choice.at("message");
  std::vector<StubPiece> pieces = {{chunk({{"role", "assistant"}, {"content", ""}})}};
  const std::string text = text_of(message);
  for (std::size_t from = 0; from < text.size();) {
    const auto space = text.find(' ', from);
    const std::size_t next = space == std::string::npos ? text.size() : space + 1;
    pieces.push_back({chunk({{"content", text.substr(from, next - from)}})});
    from = next;
  }
  for (auto call : message.value("tool_calls", nlohmann::json::array())) {
    call["index"] = pieces.size() - 1;
    pieces.push_back({chunk({{"tool_calls", nlohmann::json::array({std::move(call)})}})});
  }
  pieces.push_back({last_chunks(choice.at("finish_reason").get<std::string>(), whole.at("usage"))});
  StubAnswer answer = stream(std::move(pieces));
  answer.headers = headers;
  answer.delay = delay;
  return answer;
}

StubAnswer stub_answer_from_json(const nlohmann::json& json) {
  StubAnswer answer;
  if (json.contains("content")) {
    answer = StubAnswer::words(json.at("content").get<std::string>());
  } else if (json.contains("tool_calls")) {
    std::vector<std::pair<std::string, nlohmann::json>> calls;
    for (const auto& call : json.at("tool_calls"))
      calls.emplace_back(call.at("name").get<std::string>(), call.value("arguments", nlohmann::json::object()));
    answer = StubAnswer::tool_calls(calls);
  } else if (json.contains("stream")) {
    std::vector<StubPiece> pieces;
    for (const auto& piece : json.at("stream")) {
      if (piece.is_string()) {
        pieces.push_back({piece.get<std::string>()});
      } else {
        pieces.push_back({piece.at("bytes").get<std::string>(), std::chrono::milliseconds(piece.value("after_ms", 0))});
      }
    }
    const std::string end = json.value("end", std::string("complete"));
    answer = StubAnswer::stream(std::move(pieces), end == "cut"    ? StubAnswer::End::cut
                                                   : end == "hang" ? StubAnswer::End::hang
                                                                   : StubAnswer::End::complete);
  } else if (json.contains("tokens")) {
    answer = StubAnswer::tokens(json.at("tokens").get<std::size_t>(), json.at("per_second").get<double>());
  } else if (json.value("html", false)) {
    answer = StubAnswer::html();
  } else if (json.value("hang", false)) {
    answer = StubAnswer::hang();
  } else if (json.value("cut", false)) {
    answer = StubAnswer::cut();
  } else {
    const auto body = json.find("body");
    const std::string text = body == json.end()  ? std::string("{}")
                             : body->is_string() ? body->get<std::string>()
                                                 : body->dump();
    answer = StubAnswer::http(json.at("status").get<int>(), text,
                              json.value("content_type", std::string("application/json")));
  }
  answer.delay = std::chrono::milliseconds(json.value("delay_ms", 0));
  const auto headers = json.value("headers", nlohmann::json::object());
  for (const auto& [name, value] : headers.items()) answer.headers.emplace_back(name, value.get<std::string>());
  return answer;
}

StubAnswer stub_echo(const StubRequest& request) {
  std::string text;
  for (const auto& message : messages_of(request))
    if (message.is_object() && message.value("role", std::string()) == "user") text = text_of(message);
  return StubAnswer::words("echo: " + text);
}

std::function<StubAnswer(const StubRequest&)> stub_calling(std::string tool, nlohmann::json arguments) {
  return [tool = std::move(tool), arguments = std::move(arguments)](const StubRequest& request) {
    const auto& messages = messages_of(request);
    if (!messages.empty() && messages.back().value("role", std::string()) == "tool")
      return StubAnswer::words("The tool said: " + text_of(messages.back()));
    if (request.body.is_object() && request.body.contains("tools"))
      for (const auto& offered : request.body.at("tools")) {
        const auto name = offered.at("function").at("name").get<std::string>();
        if (name.find(tool) != std::string::npos) return StubAnswer::tool_calls({{name, arguments}});
      }
    return StubAnswer::words("I have no tool like " + tool + ".");
  };
}

}  // namespace strawberry
