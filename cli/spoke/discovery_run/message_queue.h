/// Messages of the broker that have not been read yet: only the latest message of each topic, since a state replaces
/// the one before it, and limited to a number for each second.
///
/// Pure.   Threading: one thread.   Errors: offer() returns what happened to a message.
/// Bounds: Options. A message without room is dropped and counted; request the broker's retained messages again when
/// the queue is empty.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/runtime/user_rate.h"
#include "common/text/clock.h"

namespace strawberry::cli::discovery {

class MessageQueue {
 public:
  struct Options {
    std::size_t topics_max = 20'000;             // with a waiting message
    std::size_t bytes_max = 8 * 1024 * 1024;     // of all topics and payloads
    std::size_t message_bytes_max = 256 * 1024;  // of one payload
    std::int64_t messages_per_second = 2'000;    // limit for next(); this many seconds' worth
    std::chrono::seconds at_once{10};            // may be read at once after a pause
  };
  struct Message {
    std::string topic;
    std::string payload;
  };
  enum class Offered { queued, too_large, no_room };

  MessageQueue(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// A message replaces the waiting one of the same topic.
  Offered offer(std::string topic, std::string payload);
  /// Returns the oldest; nullopt when there is none, or when the rate is used up.
  std::optional<Message> next();
  bool is_empty() const { return waiting_.empty(); }
  /// Returns when to call next() again after it returned nullopt although is_empty() is false.
  std::chrono::nanoseconds pause() const { return pause_; }

  std::size_t bytes() const { return bytes_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Waiting = std::list<Message>;

  const Clock& clock_;
  const Options options_;
  Waiting waiting_;                                                   // the oldest first
  std::unordered_map<std::string_view, Waiting::iterator> by_topic_;  // keys are the topics in waiting_
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  RateBucket rate_;
  std::chrono::nanoseconds pause_{};
};

}  // namespace strawberry::cli::discovery
