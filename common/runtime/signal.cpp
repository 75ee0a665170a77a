#include "common/runtime/signal.h"

namespace strawberry {

Signal::Signal(const asio::any_io_executor& executor) : wake_(executor, asio::steady_timer::time_point::max()) {}

bool Signal::set() {
  if (is_set_) return false;
  is_set_ = true;
  wake_.cancel();
  return true;
}

Task<bool> Signal::wait_until(asio::steady_timer::time_point deadline) {
  if (!is_set_) {
    wake_.expires_at(deadline);
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return is_set_;
}

}  // namespace strawberry
