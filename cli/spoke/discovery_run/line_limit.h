/// Limits the lines that a program prints: lines above the limit of a period are counted, and the count is a line of
/// the next period. Pure except for its clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "common/text/clock.h"

namespace strawberry::cli::discovery {

class LineLimit {
 public:
  struct Options {
    std::size_t lines_max = 40;
    std::chrono::seconds period{10};
  };

  LineLimit(const Clock& clock, Options options, std::function<void(const std::string& line)> write)
      : clock_(clock), options_(options), write_(std::move(write)) {}

  void say(const std::string& line) {
    const SteadyTime now = clock_.steady_now();
    if (now >= ends_at_) {
      if (left_out_ > 0) write_(std::to_string(left_out_) + " more lines were left out");
      ends_at_ = now + options_.period;
      said_ = left_out_ = 0;
    }
    if (said_ == options_.lines_max) {
      ++left_out_;
      return;
    }
    ++said_;
    write_(line);
  }

 private:
  const Clock& clock_;
  const Options options_;
  const std::function<void(const std::string& line)> write_;
  SteadyTime ends_at_{};
  std::size_t said_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace strawberry::cli::discovery
