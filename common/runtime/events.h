/// Typed events that announce what has happened. Use a function instead where an answer is needed.
///
///   const Subscription presence = events.listen<PresenceChanged>("chat", [&](const PresenceChanged& change) { … });
///   events.publish(PresenceChanged{id, true});
///
/// publish() calls the listeners of that type before it returns, so nothing is queued and nothing can be lost. A
/// listener cannot affect the publisher or another listener:
/// - an exception that it throws is logged with its name and goes no further;
/// - it cannot change the event, and returns nothing;
/// - it only notes, posts or spawns; it must not do longer work itself. A listener that takes longer than
///   Options::slow_after is logged, once, and from then on called after all others;
/// - it may publish, subscribe and unsubscribe during the call. A listener that is added receives later events only,
///   one that is removed receives none, not even the present one.
/// The other listeners are called in the order of their subscriptions, which none may rely on.
///
/// Threading: loop only.   Lifetime: a Subscription and its Events may end in any order; what a listener refers to must
/// live as long as its Subscription.   Errors: listen() throws std::length_error beyond the bound.
/// Bounds: Options::listeners_max of one type.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/runtime/loop_affinity.h"
#include "common/text/clock.h"

namespace strawberry {

/// Its listener is called while the Subscription lives.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) = default;
  Subscription& operator=(Subscription&& other) noexcept {
    std::swap(listener_, other.listener_);
    return *this;
  }
  ~Subscription() {
    if (listener_) listener_->is_subscribed = false;
  }

 private:
  friend class Events;
  struct Listener {
    std::string name;
    std::function<void(const void* event)> call;
    bool is_subscribed = true;
    bool is_slow = false;
  };
  explicit Subscription(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}

  std::shared_ptr<Listener> listener_;
};

class Events {
 public:
  struct Options {
    std::size_t listeners_max = 32;  // of one type
    std::chrono::nanoseconds slow_after = std::chrono::milliseconds(20);
  };

  explicit Events(const Clock& clock) : Events(clock, Options()) {}
  Events(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// `name` names the listener in the log.
  template <class Event>
  Subscription listen(std::string name, std::function<void(const Event&)> listener) {
    return add(typeid(Event), std::move(name),
               [listener = std::move(listener)](const void* event) { listener(*static_cast<const Event*>(event)); });
  }

  template <class Event>
  void publish(const Event& event) {
    deliver(typeid(Event), &event);
  }

 private:
  using Listener = Subscription::Listener;
  using Listeners = std::vector<std::shared_ptr<Listener>>;

  Subscription add(std::type_index type, std::string name, std::function<void(const void*)> call);
  void deliver(std::type_index type, const void* event);
  /// Returns true when the call has shown for the first time that the listener is slow.
  bool call(Listener& listener, const void* event) const;

  LoopAffinity loop_;
  const Clock& clock_;
  const Options options_;
  std::unordered_map<std::type_index, Listeners> listeners_;
};

}  // namespace strawberry
