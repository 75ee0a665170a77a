#include "tests/bench/calls_report.h"

#include <algorithm>

#include "tests/bench/report.h"

namespace strawberry::bench {

Summary summarize(const std::vector<Round>& rounds) {
  Summary summary;
  std::vector<double> latencies;
  std::vector<double> rates;
  for (const Round& round : rounds) {
    latencies.insert(latencies.end(), round.latencies_us.begin(), round.latencies_us.end());
    rates.push_back(static_cast<double>(round.latencies_us.size()) / std::max(round.took.count(), 1e-9));
    summary.failed += round.failed;
  }
  std::sort(latencies.begin(), latencies.end());
  std::sort(rates.begin(), rates.end());
  summary.calls = latencies.size();
  summary.p50_us = percentile(latencies, 50);
  summary.p99_us = percentile(latencies, 99);
  summary.calls_per_s = percentile(rates, 50);
  return summary;
}

std::string table(const std::vector<Comparison>& comparisons) {
  std::string out =
      "| in flight | way    | p50 (ms) | p99 (ms) | calls/s | calls |\n"
      "|----------:|--------|---------:|---------:|--------:|------:|\n";
  for (const Comparison& each : comparisons) {
    for (const auto& [name, summary] : {std::pair{"direct", each.direct}, std::pair{"routed", each.routed}}) {
      out += text("| %9d | %-6s | %8.3f | %8.3f | %7.0f | %5zu |\n", each.in_flight, name, summary.p50_us / 1000,
                  summary.p99_us / 1000, summary.calls_per_s, summary.calls);
    }
    out += text("| %9d | ratio  | %7.2fx | %7.2fx | %6.2fx |       |\n", each.in_flight,
                each.routed.p50_us / each.direct.p50_us, each.routed.p99_us / each.direct.p99_us,
                each.routed.calls_per_s / each.direct.calls_per_s);
  }
  return out;
}

}  // namespace strawberry::bench
