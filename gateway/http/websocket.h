/// One WebSocket connection (RFC 6455), after its handshake. On Boost.Beast.
///
/// Threading: loop only.   Lifetime: shared; close() ends it. Compression is not offered: a message cannot grow when it
/// is unpacked, and an idle connection keeps no window.
/// Bounds: a message of at most message_bytes_max; outgoing at most queue_bytes_max, beyond it the connection is closed
/// (its client does not read). Protocol pings notice a client that is gone.
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
    bool binary = false;           // what send() sends
  };
  struct Message {
    Message() = default;
    Message(std::string bytes, bool is_text_message) : payload(std::move(bytes)), is_text(is_text_message) {}
    std::string payload;
    bool is_text = true;
  };

  virtual ~WebSocket() = default;
  /// Nothing when the connection has ended.
  virtual Task<std::optional<Message>> read() = 0;
  /// Queues a message. False when the connection has ended, or its client does not read.
  virtual bool send(std::string payload) = 0;
  /// Waits until the client has taken all but drained_bytes of what was sent: for who can make its source wait. False
  /// when the connection has ended. One caller at a time.
  virtual Task<bool> drained() = 0;
  static constexpr std::size_t drained_bytes = 64 * 1024;
  /// Sends what is queued, then the close frame. 1000 normal, 1001 going away, 1003 unsupported data, 1008 policy, 1011
  /// error.
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

}  // namespace strawberry::gateway
