/// A clock that only a test moves. Threading: one thread, or moved only while no other thread reads it.
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

}  // namespace strawberry::test
