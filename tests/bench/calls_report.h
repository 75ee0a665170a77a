/// Summarises many rounds of calls, and makes a table of them.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/pair.h"

namespace strawberry::bench {

struct Summary {
  double p50_us = 0;
  double p99_us = 0;
  double calls_per_s = 0;
  std::size_t calls = 0;
  std::uint64_t failed = 0;
};

/// Percentiles over all calls of the rounds; the rate is the median of the rounds' rates.
Summary summarize(const std::vector<Round>& rounds);

struct Comparison {
  int in_flight = 0;
  Summary direct;
  Summary routed;
};

/// A Markdown table, also readable on a terminal.
std::string table(const std::vector<Comparison>& comparisons);

}  // namespace strawberry::bench
