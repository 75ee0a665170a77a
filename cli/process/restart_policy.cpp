#include "cli/process/restart_policy.h"

#include <array>
#include <cstddef>

namespace strawberry::cli {

std::optional<std::chrono::milliseconds> RestartPolicy::pause_after(std::chrono::steady_clock::duration lived) {
  using std::chrono::milliseconds;
  constexpr std::array<milliseconds, quick_deaths_max> pauses{milliseconds(100), milliseconds(100), milliseconds(500),
                                                              milliseconds(2'000), milliseconds(5'000)};
  quick_deaths_ = lived < quick_death ? quick_deaths_ + 1 : 0;
  if (quick_deaths_ >= quick_deaths_max) return std::nullopt;
  return pauses[static_cast<std::size_t>(quick_deaths_)];
}

}  // namespace strawberry::cli
