/// Runs the event loop so that the next message finds it awake: when there is nothing to do, the loop looks for work a
/// little longer before its thread sleeps. Waking a thread costs more than handling a message on many machines, and a
/// routed call would wait for that twice (docs/performance.md). Not while much is going on: then the next message comes
/// soon anyway, and who is to send it needs the processor.
///
/// Threading: run_loop() on the thread that is to be the loop's; between two looks other threads get their turn.
/// Bounds: `busy_poll` of processor time after each piece of work; none when it is zero, or the machine has one core.
#pragma once

#include <chrono>
#include <functional>

#include "common/runtime/asio.h"
#include "common/text/clock.h"

namespace strawberry {

/// Decides whether to look again or to sleep.
class BusyPoll {
 public:
  explicit BusyPoll(std::chrono::microseconds duration) : duration_(duration) {}

  /// Called after each look at the loop, which found work or did not. True: look again. False: sleep.
  bool looks_again(SteadyTime now, bool found_work);
  /// Called after the sleep, which ends with work.
  void woke() { is_quiet_ = false; }

 private:
  std::chrono::microseconds duration_;
  bool is_quiet_ = false;   // the last look found nothing
  SteadyTime quiet_since_;  // the first of those looks
};

/// As loop.run(): returns when the loop is stopped or has no work left. `is_calm`: whether looking again is worth it
/// now.
void run_loop(asio::io_context& loop, std::chrono::microseconds busy_poll, const std::function<bool()>& is_calm);

}  // namespace strawberry
