/// One chat of the hub, from request to end, as one kind of route shows it: its events as a stream, or its whole
/// answer.
///
/// The hub always reports the skills that it calls: a chat that may have called one is never answered with a status
/// that clients repeat automatically. When its client disconnects, the chat is cancelled.
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

/// The format in which a route shows a chat. The pieces are whole server-sent events.
class ChatWriter {
 public:
  struct Options {
    ErrorShape errors = ErrorShape::hub;
    bool is_streamed = false;
    std::chrono::seconds keep_alive{15};  // a comment is sent after so long without an event
    bool comments_begin = false;          // also before the first event, and then begins the stream: for clients
                                          // that wait only so long for a byte. Failures before it have a status
    bool has_questions = false;           // the client answers `confirm`; otherwise skills that ask first are refused
  };

  explicit ChatWriter(Options options) : options_(options) {}
  virtual ~ChatWriter() = default;
  ChatWriter(const ChatWriter&) = delete;
  ChatWriter& operator=(const ChatWriter&) = delete;

  /// Formats an event of the hub, `message` being all of it; empty for events that this route does not show.
  virtual std::string event(const std::string& name, const nlohmann::json& message) = 0;
  /// Formats the end of a stream that succeeded.
  virtual std::string end(const nlohmann::json& reply) = 0;
  /// Formats the end of a stream that failed. `reply`: the hub's; null when the error is not the hub's.
  virtual std::string failure(const Problem& why, const nlohmann::json& reply) = 0;
  /// Formats the answer of a chat that is not streamed.
  virtual Response whole(const nlohmann::json& result) { return json_response(result); }

  const Options& options() const { return options_; }

 private:
  const Options options_;
};

/// `body`: the hub's request; run_chat adds `stream`, `tool_events`, and `timeout_ms` if it has none.
Task<void> run_chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, nlohmann::json body,
                    ChatWriter& writer);

}  // namespace strawberry::gateway
