#include "common/runtime/busy_poll.h"

#include <thread>

namespace strawberry {

bool BusyPoll::looks_again(SteadyTime now, bool found_work) {
  if (found_work) {
    is_quiet_ = false;
    return true;
  }
  if (!is_quiet_) quiet_since_ = now;
  is_quiet_ = true;
  return now - quiet_since_ < duration_;
}

void run_loop(asio::io_context& loop, std::chrono::microseconds busy_poll, const std::function<bool()>& is_calm) {
  // On one core, polling would take the processor from the process that is about to send a message.
  if (busy_poll.count() <= 0 || std::thread::hardware_concurrency() == 1) {
    loop.run();
    return;
  }
  BusyPoll busy(busy_poll);
  while (!loop.stopped()) {
    const bool found_work = loop.poll() != 0;
    if (!busy.looks_again(std::chrono::steady_clock::now(), found_work) || (!found_work && !is_calm())) {
      loop.run_one();
      busy.woke();
    } else if (!found_work) {
      std::this_thread::yield();
    }
  }
}

}  // namespace strawberry
