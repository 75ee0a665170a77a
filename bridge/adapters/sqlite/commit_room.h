/// How much goes into one commit. It bounds how long a write of one user waits for what others write. Pure.
///
/// Threading: none of its own.   Bounds: Limits, passed by one job at most.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/text/clock.h"

namespace strawberry::bridge {

class CommitRoom {
 public:
  struct Limits {
    std::size_t jobs_max = 512;
    std::size_t bytes_max = 1024 * 1024;                                // written, or read into memory
    std::chrono::nanoseconds time_max = std::chrono::milliseconds(50);  // of work, before what it is made durable with
  };

  CommitRoom(const Clock& clock, Limits limits) : clock_(clock), limits_(limits), begun_at_(clock.steady_now()) {}

  /// Whether one more job may go in. The first always may.
  bool is_open() const {
    return jobs_ == 0 || (jobs_ < limits_.jobs_max && bytes_ < limits_.bytes_max &&
                          clock_.steady_now() - begun_at_ < limits_.time_max);
  }
  void count(std::size_t bytes) {
    ++jobs_;
    bytes_ += bytes;
  }

 private:
  const Clock& clock_;
  const Limits limits_;
  const SteadyTime begun_at_;
  std::size_t jobs_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace strawberry::bridge
