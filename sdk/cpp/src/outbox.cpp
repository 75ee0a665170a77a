#include "sdk/cpp/src/outbox.h"

#include <utility>

namespace strawberry::sdk {
namespace {

// MQTT 5 reason codes that ask for a retry, or that this broker gives for its limits (contract, section 2).
bool is_too_much(int reason) {
  constexpr int not_authorized = 0x87;
  constexpr int quota_exceeded = 0x97;
  return reason == not_authorized || reason == quota_exceeded;
}

}  // namespace

bool Outbox::push(Message message) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + in_flight_.size() >= options_.messages_max) return false;
    if (bytes_ + cost(message) > options_.bytes_max) return false;
    bytes_ += cost(message);
    waiting_.push_back(std::move(message));
  }
  pump();
  return true;
}

void Outbox::link_up(std::shared_ptr<MqttLink> link) {
  {
    const std::lock_guard lock(mutex_);
    link_ = std::move(link);
    not_before_ = {};
  }
  pump();
}

void Outbox::link_down() {
  std::shared_ptr<MqttLink> gone;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  gone.swap(link_);
  for (auto each = in_flight_.rbegin(); each != in_flight_.rend(); ++each) waiting_.push_front(std::move(each->second));
  in_flight_.clear();
  std::erase_if(waiting_, [this](const Message& message) {
    if (message.this_link_only) forget(message);
    return message.this_link_only;
  });
}

void Outbox::acknowledged(std::uint64_t number, int reason) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = in_flight_.find(number);
    if (found == in_flight_.end()) return;  // from an earlier link
    if (is_too_much(reason)) {
      waiting_.push_front(std::move(found->second));
      not_before_ = clock_.steady_now() + options_.again_after;
    } else {
      forget(found->second);
    }
    in_flight_.erase(found);
  }
  pump();
}

void Outbox::tick() {
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    std::erase_if(waiting_, [&](const Message& message) {
      if (message.until < now) forget(message);
      return message.until < now;
    });
  }
  pump();
}

bool Outbox::is_empty() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && in_flight_.empty();
}

bool Outbox::take_next(Message& next, std::shared_ptr<MqttLink>& link) {
  const std::lock_guard lock(mutex_);
  if (!link_ || in_flight_.size() >= options_.in_flight_max) return false;
  const SteadyTime now = clock_.steady_now();
  if (now < not_before_) return false;
  while (!waiting_.empty() && waiting_.front().until < now) {
    forget(waiting_.front());
    waiting_.pop_front();
  }
  if (waiting_.empty()) return false;
  next = std::move(waiting_.front());
  waiting_.pop_front();
  next.sending.number = ++last_number_;
  in_flight_.emplace(next.sending.number, next);
  link = link_;
  return true;
}

void Outbox::pump() {
  Message next;
  std::shared_ptr<MqttLink> link;
  while (take_next(next, link)) {
    // A message that cannot be sent stays in flight until the link is reported lost, and is then sent again.
    if (!link->publish(next.sending)) return;
  }
}

}  // namespace strawberry::sdk
