/// A value that arrives once, later: one side sets it, one coroutine waits for it.
///
/// Threading: loop only.   Lifetime: shared by both sides through std::shared_ptr; the first set() wins, later ones are
/// ignored. Bounds: wait_until() returns at its deadline at the latest.
#pragma once

#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "bridge/core/task.h"

namespace strawberry {

template <class T>
class OneShot {
 public:
  explicit OneShot(const asio::any_io_executor& executor) : wake_(executor) {
    wake_.expires_at(asio::steady_timer::time_point::max());
  }

  /// False when a value was there already.
  bool set(T value) {
    if (value_) return false;
    value_ = std::move(value);
    wake_.cancel();
    return true;
  }
  bool is_set() const { return value_.has_value(); }

  /// The value, or nothing when `deadline` comes first or the waiting coroutine is cancelled.
  Task<std::optional<T>> wait_until(asio::steady_timer::time_point deadline) {
    if (!value_) {
      wake_.expires_at(deadline);
      co_await wake_.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
    }
    co_return std::exchange(value_, std::nullopt);
  }
  Task<std::optional<T>> wait() { return wait_until(asio::steady_timer::time_point::max()); }

 private:
  asio::steady_timer wake_;
  std::optional<T> value_;
};

}  // namespace strawberry
