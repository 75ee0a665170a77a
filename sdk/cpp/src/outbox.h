/// Outgoing messages: some are in flight, the rest waits in order, and each has an end time.
///
/// Keeps few messages unacknowledged, since Paho slows down beyond the broker's Receive Maximum; keeps the rest while
/// there is no connection, and repeats messages that were in flight with the next one. Messages that the broker refuses
/// as too many at once are sent again after a pause. Threading: any; callable from a link's handlers, and publishes
/// without holding its lock.   Errors: false when full. Bounds: Options; an expired message is dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "common/text/clock.h"
#include "sdk/cpp/src/mqtt_link.h"

namespace strawberry::sdk {

class Outbox {
 public:
  struct Options {
    std::size_t in_flight_max = 64;
    std::size_t messages_max = 10'000;
    std::size_t bytes_max = 32 * 1024 * 1024;
    std::chrono::milliseconds again_after{1'000};
  };
  struct Message {
    Sending sending;
    SteadyTime until;
    bool this_link_only = false;  // useless after another CONNECT
  };

  Outbox(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  bool push(Message message);
  void link_up(std::shared_ptr<MqttLink> link);
  void link_down();
  void acknowledged(std::uint64_t number, int reason);
  /// Called periodically: sends messages whose pause is over, and drops expired ones.
  void tick();
  bool is_empty() const;

 private:
  static std::size_t cost(const Message& message) {
    return message.sending.topic.size() + message.sending.payload.size() + 200;
  }
  void pump();
  bool take_next(Message& next, std::shared_ptr<MqttLink>& link);
  void forget(const Message& message) { bytes_ -= cost(message); }

  const Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::shared_ptr<MqttLink> link_;
  std::deque<Message> waiting_;
  std::map<std::uint64_t, Message> in_flight_;
  std::uint64_t last_number_ = 0;
  std::size_t bytes_ = 0;
  SteadyTime not_before_{};
};

}  // namespace strawberry::sdk
