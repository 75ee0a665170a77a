/// An OpenAI-compatible language model server that says what a test told it to, over real HTTP on loopback.
///
/// Answers come from a queue (push), and when that is empty from `otherwise` (an echo unless set). Every request is
/// kept, so a test can look at what was sent. GET /requests shows them too, for tests in other processes.
///
/// Threading: the server has threads of its own; every method may be called from any thread.
/// Lifetime: listens from construction to stop(); stop() and the destructor wake whoever hangs.
/// Bounds: Options; when requests_kept_max is reached the oldest is forgotten.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace strawberry {

struct StubRequest {
  std::string path;
  std::string authorization;  // the header as sent; empty when absent
  std::string raw_body;
  nlohmann::json body;  // null when it was not JSON
};

struct StubAnswer {
  enum class Kind { reply, hang, cut };
  Kind kind = Kind::reply;
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds delay{0};

  /// A chat completion that answers in words.
  static StubAnswer words(const std::string& text);
  /// A chat completion that calls tools: pairs of name and arguments.
  static StubAnswer tool_calls(const std::vector<std::pair<std::string, nlohmann::json>>& calls);
  static StubAnswer http(int status, std::string body, std::string content_type = "application/json");
  static StubAnswer html();
  /// Says nothing until the client leaves or the server stops.
  static StubAnswer hang();
  /// Promises a long body and closes after a few bytes.
  static StubAnswer cut();
};

/// Reads one answer of a script: {"content":…} or {"tool_calls":[{"name","arguments"}]} or
/// {"status","body","content_type"} or {"html":true} or {"hang":true} or {"cut":true}, each with "delay_ms". Throws
/// nlohmann::json::exception.
StubAnswer stub_answer_from_json(const nlohmann::json& json);

/// Answers with the last user message.
StubAnswer stub_echo(const StubRequest& request);
/// Calls the first offered tool whose name contains `tool`; once there is a tool result, answers with it in words.
std::function<StubAnswer(const StubRequest&)> stub_calling(std::string tool, nlohmann::json arguments);

class StubLlm {
 public:
  struct Options {
    int port = 0;  // 0: a free one
    std::size_t threads = 32;
    std::size_t requests_kept_max = 1000;
    std::size_t request_bytes_max = 4 * 1024 * 1024;
    std::chrono::milliseconds hang_max{60'000};
  };

  StubLlm();
  /// Throws std::runtime_error when the port cannot be had.
  explicit StubLlm(Options options);
  ~StubLlm();

  int port() const;
  /// `http://127.0.0.1:<port>/v1`
  std::string base_url() const;

  void push(StubAnswer answer);
  void otherwise(std::function<StubAnswer(const StubRequest&)> make_answer);
  std::vector<StubRequest> requests() const;
  /// Connections accepted so far, to see them reused.
  std::size_t connections() const;
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A port on loopback where nobody listens (and, for a while, nobody is likely to).
int refused_port();

}  // namespace strawberry
