#include "gateway/hub/chat_turn.h"

#include <algorithm>

#include "gateway/http/json.h"
#include "gateway/http/sse.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

json hub_request(json body, bool is_streamed) {
  body["stream"] = is_streamed;
  body["tool_events"] = true;  // always requested, so that it is known whether a skill was called
  if (!body.contains("timeout_ms")) body["timeout_ms"] = chat_timeout_default.count();
  return body;
}

class ChatTurn {
 public:
  ChatTurn(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, json body, ChatWriter& writer)
      : exchange_(exchange),
        writer_(writer),
        options_(writer.options()),
        asking_(loop, std::move(link), Service::chat, hub_request(std::move(body), writer.options().is_streamed)) {}

  Task<void> run() {
    if (!has_scope_for(asking_.link().scopes(), Service::chat)) {
      Problem refused = not_in_scope(Service::chat);
      co_return co_await fail(std::move(refused), nullptr);
    }
    if (!asking_.send()) co_return co_await fail("unavailable", "the hub is not running, or too much is under way");
    asking_.watch(exchange_);
    bool is_there = true;
    const SteadyTime deadline = std::chrono::steady_clock::now() + chat_timeout_default + reply_slack;
    while (is_there) {
      const SteadyTime pause = std::chrono::steady_clock::now() + options_.keep_alive;
      const Asking::Item item = co_await asking_.next(std::min(deadline, pause));
      switch (item.kind) {
        case Asking::Kind::event: is_there = co_await show(item.payload); break;
        case Asking::Kind::reply: co_return co_await finish(item.payload);
        case Asking::Kind::client_gone: is_there = false; break;
        case Asking::Kind::lost: co_return co_await fail("unavailable", "the connection to the hub was lost");
        case Asking::Kind::overflow:
          give_up();
          co_return co_await fail("unavailable", "the client does not keep up with the stream");
        case Asking::Kind::too_late:
          if (std::chrono::steady_clock::now() >= deadline) {
            give_up();
            co_return co_await fail("timeout", "the hub did not answer in time");
          }
          is_there = co_await keep_alive();
      }
    }
    give_up();
  }

 private:
  void begin() {
    if (!exchange_.has_begun()) exchange_.begin_stream(std::string(sse_content_type));
  }

  /// In small steps: g++ 12 miscompiles the shorter forms, also in optimised programs.
  Task<bool> write(std::string piece) {
    if (piece.empty()) co_return true;
    begin();
    const bool is_there = co_await exchange_.write(std::move(piece));
    co_return is_there;
  }

  Task<bool> show(const json& message) {
    const std::string name = text_member(message, "event");
    tool_called_ = tool_called_ || name == "tool_call";
    if (name == "confirm" && !options_.has_questions) asking_.link().tell(refusal_of(member(message, "data")));
    if (!options_.is_streamed) co_return true;
    std::string piece = writer_.event(name, message);
    co_return co_await write(std::move(piece));
  }

  Task<bool> keep_alive() {
    if (!exchange_.has_begun() && !(options_.is_streamed && options_.comments_begin)) co_return true;
    std::string comment(sse_keep_alive);
    co_return co_await write(std::move(comment));
  }

  Task<void> finish(const json& reply) {
    if (!is_true(reply, "success")) {
      Problem why = problem_of(member(reply, "error"), tool_called_);
      co_return co_await fail(std::move(why), &reply);
    }
    if (options_.is_streamed) {
      std::string last = writer_.end(reply);
      co_return co_await end(std::move(last));
    }
    Response response = writer_.whole(reply.value("result", json::object()));
    co_await exchange_.reply(std::move(response));
  }

  Task<void> end(std::string last) {
    begin();
    co_await exchange_.end_stream(std::move(last));
  }

  Task<void> fail(const char* code, const char* message) {
    Problem why = problem(status_of(code, tool_called_), code, message);
    co_return co_await fail(std::move(why), nullptr);
  }

  /// `reply`: the hub's, if the error came from the hub.
  Task<void> fail(Problem why, const json* reply) {
    if (exchange_.has_begun()) {
      std::string last = writer_.failure(why, reply == nullptr ? json() : *reply);
      co_return co_await end(std::move(last));
    }
    Response response = response_of(why, options_.errors);
    co_await exchange_.reply(std::move(response));
  }

  /// Cancels the chat, since its client is gone.
  void give_up() { asking_.link().tell(cancel_of(asking_.correlation_id())); }

  Exchange& exchange_;
  ChatWriter& writer_;
  const ChatWriter::Options options_;
  Asking asking_;
  bool tool_called_ = false;
};

}  // namespace

Task<void> run_chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, json body,
                    ChatWriter& writer) {
  ChatTurn turn(loop, exchange, std::move(link), std::move(body), writer);
  co_await turn.run();
}

}  // namespace strawberry::gateway
