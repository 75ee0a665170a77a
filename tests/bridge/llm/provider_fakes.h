/// Providers and HTTP that do as a test tells them.
#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "bridge/llm/provider.h"
#include "bridge/ports/http.h"
#include "tests/support/fake_clock.h"

namespace strawberry::test {

using namespace bridge;

class ScriptedProvider final : public Provider {
 public:
  using Outcome = Result<ModelReply, ProviderError>;
  ScriptedProvider(std::string name, bool is_embedded = false) : name_(std::move(name)), is_embedded_(is_embedded) {}

  const std::string& name() const override { return name_; }
  bool is_embedded() const override { return is_embedded_; }
  Task<Outcome> complete(ModelRequest request) override {
    requests.push_back(request);
    if (on_request) on_request(request);
    if (script.empty()) co_return words("(out of script)");
    auto outcome = script.front();
    if (script.size() > 1 || !repeat_last) script.pop_front();
    co_return outcome;
  }

  ModelReply words(std::string text) const {
    ModelReply reply;
    reply.content = std::move(text);
    reply.finish_reason = "stop";
    reply.model = name_ + "-model";
    reply.provider = name_;
    reply.usage = {10, 5};
    return reply;
  }
  ModelReply calls(std::vector<ToolCall> tool_calls) const {
    ModelReply reply = words("");
    reply.tool_calls = std::move(tool_calls);
    reply.finish_reason = "tool_calls";
    return reply;
  }
  tl::unexpected<ProviderError> fails(std::string reason, int status = 0, bool timed_out = false) const {
    return tl::unexpected<ProviderError>(ProviderError{name_, std::move(reason), status, "it failed", timed_out});
  }

  std::deque<Outcome> script;
  bool repeat_last = false;
  std::function<void(const ModelRequest&)> on_request;
  std::vector<ModelRequest> requests;

 private:
  std::string name_;
  bool is_embedded_;
};

class FakeHttp final : public HttpClient {
 public:
  Task<Result<HttpResponse, HttpError>> fetch(HttpRequest request) override {
    requests.push_back(request);
    for (const auto& piece : pieces)
      if (!request.on_body || !request.on_body(piece)) break;
    co_return answer;
  }
  Result<HttpResponse, HttpError> answer = HttpResponse{200, {}, {}};
  std::vector<std::string> pieces;  // of the body, for requests that take it in pieces
  std::vector<HttpRequest> requests;
};

}  // namespace strawberry::test
