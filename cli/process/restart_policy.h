/// Decides whether and when a process that has ended is started again. A value: it does not use the system.
#pragma once

#include <chrono>
#include <optional>

namespace strawberry::cli {

class RestartPolicy {
 public:
  static constexpr std::chrono::seconds quick_death{10};  // a shorter life counts as quick
  static constexpr int quick_deaths_max = 5;              // in a row; then it is not started again

  /// Returns the pause before the next start, after a life of this length; nullopt: do not start again.
  std::optional<std::chrono::milliseconds> pause_after(std::chrono::steady_clock::duration lived);
  int quick_deaths() const { return quick_deaths_; }

 private:
  int quick_deaths_ = 0;
};

}  // namespace strawberry::cli
