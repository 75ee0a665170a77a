/// One chat of the hub, from its request to its end, as one door shows it: its events as a stream, or its answer whole.
///
/// The hub tells of the skills that it calls either way: what may have called one is never answered with a status that
/// clients repeat by themselves. A client that leaves cancels its chat.
///
/// Threading: loop only.   Lifetime: exchange and writer outlive the coroutine.
/// Errors: a response until the stream has begun, then the writer's failure() as its last events.
/// Bounds: chat_timeout_default and reply_slack; Asking::events_max events wait for the client, more end the chat.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/http/exchange.h"
#include "gateway/http/json.h"
#include "gateway/hub/asking.h"

namespace strawberry::gateway {

/// How a door shows a chat. The pieces are whole server-sent events.
class ChatWriter {
 public:
  struct Options {
    ErrorShape errors = ErrorShape::hub;
    bool is_streamed = false;
    std::chrono::seconds keep_alive{15};  // a comment after so long without an event
    bool comments_begin = false;          // also before the first event, which else begins the stream: for clients
                                          // that wait only so long for a byte. A failure has a status until it begins
    bool has_questions = false;           // its client answers `confirm`; else a skill that asks first is refused
  };

  explicit ChatWriter(Options options) : options_(options) {}
  virtual ~ChatWriter() = default;
  ChatWriter(const ChatWriter&) = delete;
  ChatWriter& operator=(const ChatWriter&) = delete;

  /// An event of the hub's, `message` being all of it; empty for what this door does not show.
  virtual std::string event(const std::string& name, const nlohmann::json& message) = 0;
  /// The end of a stream that went well.
  virtual std::string end(const nlohmann::json& reply) = 0;
  /// The end of one that did not. `reply`: the hub's; null when the hub has not said it.
  virtual std::string failure(const Problem& why, const nlohmann::json& reply) = 0;
  /// The answer that is not streamed.
  virtual Response whole(const nlohmann::json& result) { return json_response(result); }

  const Options& options() const { return options_; }

 private:
  const Options options_;
};

/// `body`: the hub's request; it gets `stream`, `tool_events`, and `timeout_ms` if it has none.
Task<void> run_chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, nlohmann::json body,
                    ChatWriter& writer);

}  // namespace strawberry::gateway
