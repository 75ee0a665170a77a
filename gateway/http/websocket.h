/// One WebSocket connection (RFC 6455), after its handshake. On Boost.Beast.
///
/// Threading: loop only.   Lifetime: shared; close() ends it. Compression is not offered: so no message grows when it
/// is unpacked, and idle connections keep no window.
/// Bounds: a message has at most message_bytes_max; outgoing data at most queue_bytes_max, beyond it the connection is
/// closed, since its client does not read. Protocol pings detect a client that is gone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/runtime/task.h"

namespace strawberry::gateway {

class WebSocket {
 public:
  struct Options {
    std::size_t message_bytes_max = 1024 * 1024;
    std::size_t queue_bytes_max = 4 * 1024 * 1024;
    std::string subprotocol = {};  // chosen from those that the client offers
    bool binary = false;           // type of the frames that send() sends
  };
  struct Message {
    Message() = default;
    Message(std::string bytes, bool is_text_message) : payload(std::move(bytes)), is_text(is_text_message) {}
    std::string payload;
    bool is_text = true;
  };

  virtual ~WebSocket() = default;
  /// Returns nullopt when the connection has ended.
  virtual Task<std::optional<Message>> read() = 0;
  /// Queues a message. Returns false when the connection has ended, or its client does not read.
  virtual bool send(std::string payload) = 0;
  /// Waits until all but drained_bytes of the queue are sent, for callers that can pause their source. Returns false
  /// when the connection has ended. One caller at a time.
  virtual Task<bool> drained() = 0;
  static constexpr std::size_t drained_bytes = 64 * 1024;
  /// Sends what is queued, then the close frame. 1000 normal, 1001 going away, 1003 unsupported data, 1008 policy, 1011
  /// error.
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

}  // namespace strawberry::gateway
