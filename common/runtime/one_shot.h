/// A value that arrives once, later: one side sets it, one coroutine waits for it and takes it.
///
/// Threading: loop only.   Lifetime: must outlive the waiting coroutine; share it through std::shared_ptr when either
/// side may end first. The first set() counts, later ones are ignored, also after the value was taken.
/// Bounds: one waiter at a time; wait_until() returns at its deadline at the latest.
#pragma once

#include <optional>
#include <utility>

#include "common/runtime/signal.h"

namespace strawberry {

template <class T>
class OneShot {
 public:
  explicit OneShot(const asio::any_io_executor& executor) : arrived_(executor) {}

  /// Returns false when a value was set before.
  bool set(T value) {
    if (arrived_.is_set()) return false;
    value_ = std::move(value);
    return arrived_.set();
  }
  bool is_set() const { return arrived_.is_set(); }

  /// Takes the value. Returns nothing when `deadline` comes first, the waiting coroutine is cancelled, or the value was
  /// taken before.
  Task<std::optional<T>> wait_until(asio::steady_timer::time_point deadline) {
    co_await arrived_.wait_until(deadline);
    co_return std::exchange(value_, std::nullopt);
  }
  Task<std::optional<T>> wait() { return wait_until(asio::steady_timer::time_point::max()); }

 private:
  Signal arrived_;
  std::optional<T> value_;
};

}  // namespace strawberry
