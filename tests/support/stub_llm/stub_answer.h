/// The answers of the stub language model: whole, or piece by piece, complete or not.
///
/// Values. Bodies are sent unchanged: any dialect can be scripted. Only words(), tool_calls() and tokens() use
/// OpenAI's.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace strawberry {

struct StubRequest {
  std::string path;
  std::string authorization;  // the header as sent; empty when absent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string raw_body;
  nlohmann::json body;  // null when it was not JSON
};

/// Bytes that are sent at once, and the time after the previous piece.
struct StubPiece {
  std::string bytes;
  std::chrono::microseconds after{0};
};

struct StubAnswer {
  /// hang: sends nothing, not even a header. cut: promises a long body and closes after a few bytes.
  enum class Kind { reply, stream, hang, cut };
  /// The end of a stream: complete, by closing the connection in the middle, or never.
  enum class End { complete, cut, hang };
  using PieceAt = std::function<std::optional<StubPiece>(std::size_t at)>;

  Kind kind = Kind::reply;
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds delay{0};
  PieceAt piece_at;  // of a stream: from 0 on, until there is none
  End end = End::complete;
  bool streams_when_asked = false;  // a completion that is sent as events when the request has `"stream":true`

  /// A chat completion that answers in words.
  static StubAnswer words(const std::string& text);
  /// A chat completion that calls tools: pairs of name and arguments.
  static StubAnswer tool_calls(const std::vector<std::pair<std::string, nlohmann::json>>& calls);
  static StubAnswer http(int status, std::string body, std::string content_type = "application/json");
  static StubAnswer html();
  /// Sends nothing until the client disconnects or the server stops.
  static StubAnswer hang();
  static StubAnswer cut();

  /// These pieces, each written by itself, as `text/event-stream` with status 200.
  static StubAnswer stream(std::vector<StubPiece> pieces, End end = End::complete);
  /// `body` in pieces of `size` bytes.
  static StubAnswer stream_of(std::size_t size, const std::string& body, End end = End::complete);
  /// A streamed completion of `count` words `0 1 2 …` at `per_second`, and its usage; lost or swapped words are
  /// visible.
  static StubAnswer tokens(std::size_t count, double per_second);
  /// A whole completion as a stream: a piece for each word and each tool call.
  StubAnswer as_stream() const;
};

/// Reads one answer of a script: {"content":…} or {"tool_calls":[{"name","arguments"}]} or
/// {"status","body","content_type"} or {"html":true} or {"hang":true} or {"cut":true} or
/// {"stream":["bytes" or {"bytes","after_ms"}],"end":"complete"|"cut"|"hang"} or {"tokens":n,"per_second":r}, each with
/// "delay_ms" and "headers":{…}. Throws nlohmann::json::exception.
StubAnswer stub_answer_from_json(const nlohmann::json& json);

/// Answers with the last user message.
StubAnswer stub_echo(const StubRequest& request);
/// Calls the first offered tool whose name contains `tool`; once there is a tool result, answers with it in words.
std::function<StubAnswer(const StubRequest&)> stub_calling(std::string tool, nlohmann::json arguments);

}  // namespace strawberry
