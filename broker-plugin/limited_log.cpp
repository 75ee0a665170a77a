#include "broker-plugin/limited_log.h"

#include <chrono>

namespace strawberry::plugin {

void LimitedLog::write(LogLevel level, const std::string& line) {
  if (budget_.take()) broker_.log(level, line);
}

void LimitedLog::tick() {
  const SteadyTime now = clock_.steady_now();
  if (now < next_tick_) return;
  next_tick_ = now + std::chrono::seconds(1);
  const std::uint64_t left_out = budget_.take_left_out();
  if (left_out == 0) return;
  broker_.log(LogLevel::warning, std::to_string(left_out) + " more " + std::string(kind_) + ", not logged one by one");
}

}  // namespace strawberry::plugin
