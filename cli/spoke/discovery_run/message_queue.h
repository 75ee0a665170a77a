/// What the broker has sent and nobody has looked at yet: of each topic the latest message only, since a state makes
/// the one before it worthless, and not more a second than this process wants to spend.
///
/// Pure.   Threading: one thread.   Errors: offer() says what became of a message.
/// Bounds: Options. A message that finds no room is dropped and counted; ask the broker again for what is retained
/// there when the queue is empty.
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
    std::size_t topics_max = 20'000;             // that have a message waiting
    std::size_t bytes_max = 8 * 1024 * 1024;     // of all topics and payloads
    std::size_t message_bytes_max = 256 * 1024;  // of one payload
    std::int64_t messages_per_second = 2'000;    // given by next(), of which so many seconds'
    std::chrono::seconds at_once{10};            // at once, after a rest
  };
  struct Message {
    std::string topic;
    std::string payload;
  };
  enum class Offered { queued, too_large, no_room };

  MessageQueue(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// A message on a topic that has one waiting takes its place.
  Offered offer(std::string topic, std::string payload);
  /// The one that has waited longest; nothing when there is none, or when the rate is used up.
  std::optional<Message> next();
  bool is_empty() const { return waiting_.empty(); }
  /// After next() gave nothing though is_empty() is false: when to ask again.
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
