/// One MQTT 5 connection as the event loop sees it. Implemented by common/runtime/mqtt/, and by a fake in tests.
///
/// Threading: loop only; handlers run on the loop.   Lifetime: handlers are not called after stop() completed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/contract/mqtt_message.h"
#include "common/runtime/task.h"

namespace strawberry {

class MqttClient {
 public:
  struct Handlers {
    /// Called when it is connected and the broker has granted every subscription; again after each reconnect.
    std::function<void()> on_ready;
    /// Called when a connection is lost or cannot be made; `reason` is for people. The client keeps trying unless
    /// Options::connect_once is set.
    std::function<void(const std::string& reason)> on_lost;
    std::function<void(MqttMessage message)> on_message;
    /// The broker took a published message (MQTT 5, QoS 1) and gave it to nobody: it refused it, or nobody subscribes.
    /// Whether that was expected; else a refusal is counted and logged. May be missing.
    std::function<bool(MqttMessage& message)> on_undelivered = nullptr;
  };

  virtual ~MqttClient() = default;
  /// Connects and subscribes to `filters`; repeats both after every loss.
  virtual void start(std::vector<std::string> filters, Handlers handlers) = 0;
  /// Queues a message. False when the queue is full or stop() was called: the message is dropped and counted.
  virtual bool publish(MqttMessage message) = 0;
  virtual bool is_ready() const = 0;
  /// Sends what is queued, at most for a second, then disconnects cleanly.
  virtual Task<void> stop() = 0;
};

}  // namespace strawberry
