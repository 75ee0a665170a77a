/// One request and the way its answer takes: whole, or as a stream.
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

  /// The whole answer. Once, and not beside a stream.
  virtual Task<bool> reply(Response response) = 0;
  /// Status 200 and headers, which leave with the first piece; then pieces, then the end, which may have a last piece.
  virtual void begin_stream(const std::string& content_type) = 0;
  virtual Task<bool> write(std::string piece) = 0;
  virtual Task<bool> end_stream(std::string last) = 0;

  /// Whether the request asks to become a WebSocket, as RFC 6455 (4.2.1) says.
  virtual bool wants_websocket() const = 0;
  /// Answers the handshake; null when that fails, and then there is nothing more to say. The HTTP connection is over
  /// either way.
  virtual Task<std::shared_ptr<WebSocket>> accept_websocket(WebSocket::Options options) = 0;

  virtual bool has_begun() const = 0;
  /// `notify` is called once, when the client closes its connection before it has its answer. Call it again with
  /// nothing before what it refers to is gone.
  virtual void when_gone(std::function<void()> notify) = 0;

  Request request;
};

}  // namespace strawberry::gateway
