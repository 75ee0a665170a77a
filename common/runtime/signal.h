/// Something that happens once: one side sets it, one coroutine waits for it. It stays set.
///
/// Threading: loop only.   Lifetime: must outlive the waiting coroutine; share it through std::shared_ptr when either
/// side may end first.   Bounds: one waiter at a time; wait_until() returns at its deadline at the latest.
#pragma once

#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry {

class Signal {
 public:
  explicit Signal(const asio::any_io_executor& executor);

  /// Returns false when it was set already.
  bool set();
  bool is_set() const { return is_set_; }

  /// Returns true when it is set; false when `deadline` comes first or the waiting coroutine is cancelled.
  Task<bool> wait_until(asio::steady_timer::time_point deadline);
  Task<bool> wait() { return wait_until(asio::steady_timer::time_point::max()); }

 private:
  asio::steady_timer wake_;
  bool is_set_ = false;
};

}  // namespace strawberry
