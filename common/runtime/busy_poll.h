/// Runs the event loop with a short busy poll: when there is nothing to do, the loop polls for work a little longer
/// before its thread sleeps. Waking a thread costs more than handling a message on many machines, and a routed call
/// would wait for that twice (docs/performance.md). Under load the loop does not poll: the next message comes soon
/// anyway, and its sender needs the processor.
///
/// Threading: run_loop() runs on the loop's thread; it yields the processor between two polls.
/// Bounds: `busy_poll` of processor time after each piece of work; none when it is zero, or the machine has one core.
#pragma once

#include <chrono>
#include <functional>

#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry {

/// Decides whether to poll again or to sleep.
class BusyPoll {
 public:
  explicit BusyPoll(std::chrono::microseconds duration) : duration_(duration) {}

  /// Called after each poll of the loop. True: poll again. False: sleep.
  bool looks_again(SteadyTime now, bool found_work);
  /// Called after the sleep, which ends when there is work.
  void woke() { is_quiet_ = false; }

 private:
  std::chrono::microseconds duration_;
  bool is_quiet_ = false;   // the last poll found nothing
  SteadyTime quiet_since_;  // time of the first of those polls
};

/// Like loop.run(): returns when the loop is stopped or has no work left. `is_calm`: returns whether polling again is
/// worthwhile now.
void run_loop(asio::io_context& loop, std::chrono::microseconds busy_poll, const std::function<bool()>& is_calm);

}  // namespace strawberry
