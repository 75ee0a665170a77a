/// A log sink in front of another: limits the lines of each kind per second, so that a client that can cause log lines
/// cannot flood the log. Further lines are only counted; when the second is over, one line a kind gives their number.
///
/// A kind is a level and the format a line is written with (common/runtime/request_log.h): a flood of refusals hides
/// neither an error nor a line of any other kind, and the first line of a kind is written in every second. The number
/// of omitted lines is written before the next line, by tick(), or by finish(), without any text of a client.
///
/// Threading: any.   Bounds: kinds_max kinds a second, kind_bytes_max of each; lines of further kinds, and those that
/// name no kind, count as one kind for each level.
#pragma once

#include <spdlog/sinks/sink.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/text/clock.h"

namespace strawberry {

class LimitedSink final : public spdlog::sinks::sink {
 public:
  static constexpr std::size_t kinds_max = 256;
  static constexpr std::size_t kind_bytes_max = 128;

  /// `lines_per_second_max`: lines of one kind; 0: no limit.
  LimitedSink(std::shared_ptr<spdlog::sinks::sink> out, const Clock& clock, std::uint64_t lines_per_second_max)
      : out_(std::move(out)), clock_(clock), lines_max_(lines_per_second_max) {}

  void log(const spdlog::details::log_msg& line) override;
  void flush() override;
  void set_pattern(const std::string& pattern) override;
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

  void allow(std::uint64_t lines_per_second_max);
  /// Writes how many lines were omitted in a second that is over. Called about once a second.
  void tick();
  /// Writes how many lines were omitted until now.
  void finish();

 private:
  struct Count {
    std::uint64_t written = 0;
    std::uint64_t left_out = 0;
  };
  using Kind = std::pair<spdlog::level::level_enum, std::string_view>;
  /// Compares with the text of a line as well, which avoids copying it.
  struct ByKind {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return Kind(a.first, a.second) < Kind(b.first, b.second);
    }
  };

  Count& count_of(Kind kind);
  void end_second();
  void say_what_was_left_out();

  std::mutex mutex_;
  std::shared_ptr<spdlog::sinks::sink> out_;
  const Clock& clock_;
  std::uint64_t lines_max_;
  SteadyTime second_began_{};
  std::map<std::pair<spdlog::level::level_enum, std::string>, Count, ByKind> counts_;  // of the current second
};

}  // namespace strawberry
