/// Whether and when a process that has ended is started again. A value: nothing here looks at the system.
#pragma once

#include <chrono>
#include <optional>

namespace strawberry::cli {

class RestartPolicy {
 public:
  static constexpr std::chrono::seconds quick_death{10};  // a process that lived shorter than this died quickly
  static constexpr int quick_deaths_max = 5;              // in a row; then there is no point in starting it again

  /// The pause before the next start, after a life of this length; nothing when it is not to be started again.
  std::optional<std::chrono::milliseconds> pause_after(std::chrono::steady_clock::duration lived);
  int quick_deaths() const { return quick_deaths_; }

 private:
  int quick_deaths_ = 0;
};

}  // namespace strawberry::cli
