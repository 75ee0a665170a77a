#include "common/runtime/events.h"

#include <algorithm>
#include <stdexcept>

#include "common/runtime/request_log.h"

namespace strawberry {

Subscription Events::add(std::type_index type, std::string name, std::function<void(const void*)> call) {
  loop_.check();
  auto& listeners = listeners_[type];
  std::erase_if(listeners, [](const auto& listener) { return !listener->is_subscribed; });
  if (listeners.size() >= options_.listeners_max) {
    throw std::length_error("too many listeners of one event: " + std::to_string(options_.listeners_max) +
                            " (raise Events::Options::listeners_max)");
  }
  // Listeners known as slow stay behind the new one.
  const auto place = std::find_if(listeners.begin(), listeners.end(), [](const auto& other) { return other->is_slow; });
  return Subscription(*listeners.insert(place, std::make_shared<Listener>(Listener{std::move(name), std::move(call)})));
}

void Events::deliver(std::type_index type, const void* event) {
  loop_.check();
  const auto found = listeners_.find(type);
  if (found == listeners_.end()) return;
  auto& listeners = found->second;
  std::erase_if(listeners, [](const auto& listener) { return !listener->is_subscribed; });
  const Listeners told = listeners;  // a copy: listeners may be added and removed meanwhile
  bool has_slow = false;
  for (const auto& listener : told) {
    if (listener->is_subscribed) has_slow |= call(*listener, event);
  }
  if (!has_slow) return;
  std::stable_partition(listeners.begin(), listeners.end(), [](const auto& listener) { return !listener->is_slow; });
}

bool Events::call(Listener& listener, const void* event) const {
  const auto begun_at = clock_.steady_now();
  try {
    listener.call(event);
  } catch (const std::exception& failure) {
    hub_log().error("the listener {} failed: {}", listener.name, failure.what());
  } catch (...) {
    hub_log().error("the listener {} failed", listener.name);
  }
  const auto took = clock_.steady_now() - begun_at;
  if (took <= options_.slow_after || listener.is_slow) return false;
  listener.is_slow = true;
  hub_log().warn("the listener {} is slow: {} ms (it is told after the others from now on)", listener.name,
                 std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return true;
}

}  // namespace strawberry
