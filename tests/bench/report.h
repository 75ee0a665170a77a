/// Figures of many rounds, and the table made of them; the kernel's figures for a process.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace strawberry::bench {

/// printf() into a string of at most 255 bytes.
template <class... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 256> out{};
  std::snprintf(out.data(), out.size(), format, values...);
  return out.data();
}

/// Nearest rank; 0 of nothing.
double percentile(std::vector<double> values, double percent);

/// The result of one round.
struct Rate {
  std::size_t count = 0;
  double seconds = 0;
  double broker_cpu_seconds = 0;
  double broker_wait_seconds = 0;  // ready to run, but not running

  double per_second() const;
  double cpu_us_each() const;
  /// Near 1 when the broker is the bottleneck.
  double broker_busy() const { return (broker_cpu_seconds + broker_wait_seconds) / seconds; }
};

struct CpuTime {
  double used_seconds = 0;
  double waited_seconds = 0;
};
/// Sums all threads of a process; nullopt when it is gone.
CpuTime cpu_time(int pid);

/// How often its threads slept and were woken.
double wake_ups(int pid);

/// Measures a round from its construction on.
class Stopwatch {
 public:
  explicit Stopwatch(int broker_pid);
  Rate stop(std::size_t count) const;

 private:
  int pid_;
  CpuTime cpu_;
  std::chrono::steady_clock::time_point start_;
};

/// One way in a table: its rounds, and those of the bare broker that alternated with them.
struct RateRow {
  std::string what;
  std::string way;  // empty when it is part of `what`
  std::vector<Rate> rates;
  std::vector<Rate> bare;
};

/// Markdown, also readable on a terminal: medians over the rounds; the ratio is the median of each round's own, since
/// other load affects neighbouring rounds alike. The CPU ratio is the ratio if only the broker's own time counted: it
/// is lower when the generator is not much faster than the broker, and is least affected by other programs.
std::string rate_table(const std::string& unit, const std::vector<RateRow>& rows);

/// Returns the resident bytes of a process without pages shared with files.
double resident_bytes(int pid);
/// Includes shared pages, like RSS in `ps`.
double all_resident_bytes(int pid);

}  // namespace strawberry::bench
