/// One MQTT 5 connection over Eclipse Paho, from its CONNECT to its end; it cannot be used again. The only file that
/// uses Paho.
///
/// Each attempt uses a new one: so no message of an earlier connection is sent by Paho, and the next may have another
/// token. TCP_NODELAY is set, for which Paho has no option (no_delay.h).
/// Threading: open() and close() from one thread, publish() from any, also from the handlers. The handlers are called
/// on Paho's threads, perhaps with Paho's lock held: they must not block, nor hold a lock under which publish() is
/// called. Lifetime: not destroyed on Paho's threads. close() first; no handler is called after the destructor. Errors:
/// LinkFailure; nothing throws.   Bounds: none of its own: callers of publish() limit what is in flight.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/result.h"
#include "sdk/cpp/src/access.h"
#include "sdk/cpp/src/reconnect_policy.h"

namespace strawberry::sdk {

struct LinkFailure {
  LossCause cause = LossCause::unreachable;
  std::string why;
};

/// A received message. The views are valid during the call.
struct Received {
  std::string_view topic;
  std::string_view payload;
  bool retained = false;
  std::optional<std::uint32_t> expiry_s;
};

/// A message to send, at QoS 1.
struct Sending {
  std::uint64_t number = 0;  // passed to `acknowledged`
  std::string topic;
  std::string payload;
  std::string response_topic;             // empty: none
  std::optional<std::uint32_t> expiry_s;  // Message Expiry Interval
};

class MqttLink {
 public:
  struct Handlers {
    std::function<void(const Received&)> received;
    /// Called when the broker has it (0 to 0x7f), or refused it: an MQTT 5 reason code from 0x80 on.
    std::function<void(std::uint64_t number, int reason)> acknowledged;
    std::function<void(LinkFailure)> lost;
  };
  struct Options {
    Access access;
    std::string client_id;
    std::vector<std::string> filters;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::seconds keep_alive{30};
  };

  MqttLink(Options options, Handlers handlers);
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Connects and subscribes; returns why that failed. Ends early when `stops` becomes true.
  Result<void, LinkFailure> open(const std::atomic<bool>& stops);
  /// Returns false when it cannot be sent now.
  bool publish(const Sending& message);
  /// Sends DISCONNECT, so that no will is published, and the broker knows at once.
  void close(std::chrono::milliseconds timeout);

 private:
  class Paho;
  std::unique_ptr<Paho> paho_;
};

}  // namespace strawberry::sdk
