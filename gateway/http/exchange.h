/// One request and its answer, which is either whole or a stream.
///
/// Threading: loop only.   Lifetime: the handler's coroutine; the server owns it.
/// Errors: writing returns false when the client is gone, or does not read for Limits::write_timeout; then nothing more
/// is sent, and the connection ends with the handler.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/runtime/task.h"
#include "gateway/http/message.h"
#include "gateway/http/websocket.h"

namespace strawberry::gateway {

class Exchange {
 public:
  explicit Exchange(Request about) : request(std::move(about)) {}
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Sends the whole answer. Called once, and never together with a stream.
  virtual Task<bool> reply(Response response) = 0;
  /// Starts a stream with status 200 and headers, which are sent with the first piece. Pieces follow, then the end.
  virtual void begin_stream(const std::string& content_type) = 0;
  virtual Task<bool> write(std::string piece) = 0;
  virtual Task<bool> end_stream(std::string last) = 0;

  /// Returns whether the request asks for an upgrade to WebSocket (RFC 6455, 4.2.1).
  virtual bool wants_websocket() const = 0;
  /// Answers the handshake; returns null when that fails, and then nothing more can be sent. The HTTP connection is
  /// over either way.
  virtual Task<std::shared_ptr<WebSocket>> accept_websocket(WebSocket::Options options) = 0;

  virtual bool has_begun() const = 0;
  /// `notify` is called once, when the client closes its connection before it has its answer. Call again with an empty
  /// function before anything that it refers to is destroyed.
  virtual void when_gone(std::function<void()> notify) = 0;

  Request request;
};

}  // namespace strawberry::gateway
