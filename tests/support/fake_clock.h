/// Clocks that tests move. Threading: one thread, or moved only while no other thread reads it.
#pragma once

#include <chrono>

#include "common/text/clock.h"

namespace strawberry::test {

class FakeClock final : public Clock {
 public:
  WallTime wall_now() const override { return wall_; }
  SteadyTime steady_now() const override { return steady_; }

  /// Advances both clocks.
  void advance(std::chrono::nanoseconds by) {
    steady_ += by;
    wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(by);
  }
  void set_wall(WallTime time) { wall_ = time; }

 private:
  WallTime wall_ = from_unix_ms(1'767'225'600'000);  // 2026-01-01T00:00:00.000Z
  SteadyTime steady_{std::chrono::hours(1)};
};

/// The real clock, which a test puts forward: for code whose timers are real ones. With a FakeClock such a timer could
/// expire before its time, and would be set again and again.
class ShiftedClock final : public Clock {
 public:
  WallTime wall_now() const override {
    return real_.wall_now() + std::chrono::duration_cast<std::chrono::milliseconds>(shift_);
  }
  SteadyTime steady_now() const override { return real_.steady_now() + shift_; }

  /// Advances both clocks.
  void advance(std::chrono::nanoseconds by) { shift_ += by; }

 private:
  SystemClock real_;
  std::chrono::nanoseconds shift_{0};
};

}  // namespace strawberry::test
