#include "gateway/openai/chat.h"

#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/http/sse.h"
#include "gateway/hub/chat_turn.h"
#include "gateway/openai/chunks.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr const char* sse_done = "data: [DONE]\n\n";

/// Makes the hub's request, with an id and without OpenAI's own members.
tl::expected<json, Problem> openai_request(const Request& request) {
  auto body = read_json_object(request);
  if (!body) return body;
  if (!body->contains("messages")) {
    return tl::unexpected(problem(400, "bad_request", "messages is missing", "/messages"));
  }
  if (auto bad_name = name_request(request, *body)) return tl::unexpected(std::move(*bad_name));
  (*body)["op"] = "complete";
  correlation_id_of(*body);
  return body;
}

class OpenAiWriter : public ChatWriter {
 public:
  explicit OpenAiWriter(const json& request)
      : ChatWriter({.errors = ErrorShape::openai, .is_streamed = is_true(request, "stream")}),
        with_usage_(is_true(member(request, "stream_options"), "include_usage")),
        chunks_("chatcmpl-" + text_member(request, "correlation_id"), text_member(request, "model"),
                std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())) {}

  std::string event(const std::string& name, const json& message) override {
    return chunks_.event(name, member(message, "data"));
  }
  std::string end(const json& reply) override {
    return chunks_.end(reply.value("result", json::object()), with_usage_) + sse_done;
  }
  std::string failure(const Problem& why, const json& /*reply*/) override {
    return sse(body_of(why, ErrorShape::openai));
  }

 private:
  const bool with_usage_;
  Chunks chunks_;
};

}  // namespace

Task<void> OpenAiChat::operator()(Exchange& exchange) const {
  Links::Found link = co_await links_.of(exchange.request);
  tl::expected<json, Problem> body = json();
  if (link) body = openai_request(exchange.request);
  if (link && body) {
    OpenAiWriter writer(*body);
    body->erase("stream_options");
    co_return co_await run_chat(loop_, exchange, std::move(*link), std::move(*body), writer);
  }
  Response response = response_of(link ? body.error() : link.error(), ErrorShape::openai);
  co_await exchange.reply(std::move(response));
}

}  // namespace strawberry::gateway
