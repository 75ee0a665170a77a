/// Lines of one kind in the broker's log that clients can cause: never so many that the log is the damage. What is left
/// out is counted and said. Each kind has a limit of its own, so that none hides another.
///
/// Threading: one thread.   Bounds: lines_per_second_max on average and at once.
#pragma once

#include <string>
#include <string_view>

#include "broker-plugin/broker.h"
#include "common/contract/audit.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

class LimitedLog {
 public:
  static constexpr int lines_per_second_max = 20;

  /// `kind`, in the plural, is what the lines are about; a literal.
  LimitedLog(Broker& broker, const Clock& clock, std::string_view kind)
      : broker_(broker), clock_(clock), kind_(kind), budget_(clock, lines_per_second_max) {}

  void write(LogLevel level, const std::string& line);
  /// For a line that is written by other means: whether it may be.
  bool take() { return budget_.take(); }
  /// Says, at most once a second, how many lines were left out since it last said so. As often as there is time.
  void tick();

 private:
  Broker& broker_;
  const Clock& clock_;
  std::string_view kind_;
  LineBudget budget_;
  SteadyTime next_tick_{};
};

}  // namespace strawberry::plugin
