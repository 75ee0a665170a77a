/// One MQTT 5 connection as the event loop sees it. Implemented by adapters/mosquitto/, by a fake in tests.
///
/// Threading: loop only; handlers run on the loop.   Lifetime: handlers are not called after stop() completed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/core/task.h"
#include "common/clock.h"

namespace strawberry {

/// QoS 1 in both directions, unless it is not to be kept.
struct MqttMessage {
  std::string topic;
  std::string payload;
  bool retained = false;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;  // bytes
  std::optional<std::uint32_t> expiry_s;        // Message Expiry Interval
  std::vector<std::pair<std::string, std::string>> user_properties;
  /// Of a message to be sent: it must not reach anybody later. It is not sent then, and sets expiry and QoS by itself.
  std::optional<SteadyTime> not_after = std::nullopt;
};

class MqttClient {
 public:
  struct Handlers {
    /// Connected and every subscription granted. Called again after each reconnect.
    std::function<void()> on_ready;
    /// Not connected (any more), and why, for people. The client goes on trying by itself unless Options said once.
    std::function<void(const std::string& reason)> on_lost;
    std::function<void(MqttMessage message)> on_message;
  };

  virtual ~MqttClient() = default;
  /// Connects, subscribes to `filters`, and does so again after every loss.
  virtual void start(std::vector<std::string> filters, Handlers handlers) = 0;
  /// Queues a message. False when the queue is full or stop() was called: the message is dropped and counted.
  virtual bool publish(MqttMessage message) = 0;
  virtual bool is_ready() const = 0;
  /// Sends what is queued, at most for a second, then disconnects cleanly.
  virtual Task<void> stop() = 0;
};

}  // namespace strawberry
