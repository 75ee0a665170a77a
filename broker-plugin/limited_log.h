/// Limits the lines of one kind that clients can cause in the broker's log, so that they cannot flood it. Omitted lines
/// are counted and reported. Each kind has a limit of its own, so that none hides another.
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

  /// `kind`: the subject of the lines, in the plural; a literal.
  LimitedLog(Broker& broker, const Clock& clock, std::string_view kind)
      : broker_(broker), clock_(clock), kind_(kind), budget_(clock, lines_per_second_max) {}

  void write(LogLevel level, const std::string& line);
  /// Returns whether a line may be written; for lines that are written by other means.
  bool take() { return budget_.take(); }
  /// Writes, at most once a second, how many lines were omitted since the last report. Call at least once a second.
  void tick();

 private:
  Broker& broker_;
  const Clock& clock_;
  std::string_view kind_;
  LineBudget budget_;
  SteadyTime next_tick_{};
};

}  // namespace strawberry::plugin
