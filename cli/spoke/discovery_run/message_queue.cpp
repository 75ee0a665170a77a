#include "cli/spoke/discovery_run/message_queue.h"

#include <iterator>
#include <utility>

namespace strawberry::cli::discovery {

MessageQueue::Offered MessageQueue::offer(std::string topic, std::string payload) {
  const auto drop = [this](Offered why) {
    ++dropped_;
    return why;
  };
  if (payload.size() > options_.message_bytes_max) return drop(Offered::too_large);
  const auto found = by_topic_.find(topic);
  if (found != by_topic_.end()) {
    std::string& old = found->second->payload;
    if (bytes_ - old.size() + payload.size() > options_.bytes_max) return drop(Offered::no_room);
    bytes_ += payload.size() - old.size();
    old = std::move(payload);
    return Offered::queued;
  }
  const std::size_t bytes = topic.size() + payload.size();
  if (waiting_.size() >= options_.topics_max || bytes_ + bytes > options_.bytes_max) return drop(Offered::no_room);
  waiting_.push_back({std::move(topic), std::move(payload)});
  by_topic_.emplace(waiting_.back().topic, std::prev(waiting_.end()));
  bytes_ += bytes;
  return Offered::queued;
}

std::optional<MessageQueue::Message> MessageQueue::next() {
  if (waiting_.empty()) return std::nullopt;
  const auto wait = rate_.take(clock_.steady_now(), options_.at_once,
                               options_.messages_per_second * static_cast<std::int64_t>(options_.at_once.count()));
  if (wait) {
    pause_ = *wait;
    return std::nullopt;
  }
  by_topic_.erase(waiting_.front().topic);
  Message message = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= message.topic.size() + message.payload.size();
  return message;
}

}  // namespace strawberry::cli::discovery
