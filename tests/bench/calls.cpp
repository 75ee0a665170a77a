#include "tests/bench/calls.h"

#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/calls_report.h"
#include "tests/bench/report.h"
#include "tests/bench/sdk_calls.h"
#include "tests/bench/side_by_side.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;

constexpr int rounds_per_way = 5;
constexpr milliseconds round_time_max{1'000};
constexpr int round_calls_max = 4'000;
constexpr int warm_up_calls = 300;
constexpr std::array in_flight_steps{1, 16, 64, 256};

/// Routed calls by a token that is limited to scopes and skills, beside those by one that may do all: each has a caller
/// and a device of its own at the same hub.
void measure_scopes(SideBySide& ways) {
  const Hub::Device caller = ways.hub.add_device("Kitchen Phone");
  const Hub::Device device = ways.hub.add_device("Bathroom Speaker");
  Pair limited{ways.hub.port(), routed(caller.id, device.id),
               caller.id,       ways.hub.limited_token(caller, "MusicControlSkill"),
               device.id,       device.token};
  limited.register_skill();
  limited.run(1, warm_up_calls, round_time_max);
  std::printf("limited to scopes and skills / not limited:\n");
  for (const int in_flight : in_flight_steps) {
    std::vector<Round> full_rounds;
    std::vector<Round> limited_rounds;
    for (int i = 0; i < rounds_per_way; ++i) {
      full_rounds.push_back(ways.through_hub.run(in_flight, round_calls_max, round_time_max));
      limited_rounds.push_back(limited.run(in_flight, round_calls_max, round_time_max));
    }
    const Summary full = summarize(full_rounds);
    const Summary some = summarize(limited_rounds);
    if (full.failed + some.failed != 0) throw std::runtime_error("calls failed");
    std::printf("  %3d in flight: p50 %.2fx, p99 %.2fx, calls/s %.2fx\n", in_flight, some.p50_us / full.p50_us,
                some.p99_us / full.p99_us, some.calls_per_s / full.calls_per_s);
  }
  std::printf("\n");
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void measure_calls() {
  SideBySide ways;
  const Hub& hub = ways.hub;
  Pair& direct = ways.direct;
  Pair& routed_pair = ways.through_hub;
  routed_pair.register_skill();
  direct.run(1, warm_up_calls, round_time_max);
  routed_pair.run(1, warm_up_calls, round_time_max);

  std::vector<Comparison> comparisons;
  std::uint64_t routed_calls = 0;
  double own_cpu = 0;
  const double broker_cpu = cpu_time(hub.broker_pid()).used_seconds;
  const double bridge_cpu = cpu_time(hub.bridge_pid()).used_seconds;
  std::uint64_t failed = 0;
  for (const int in_flight : in_flight_steps) {
    std::vector<Round> direct_rounds;
    std::vector<Round> routed_rounds;
    for (int i = 0; i < rounds_per_way; ++i) {
      direct_rounds.push_back(direct.run(in_flight, round_calls_max, round_time_max));
      const double before = own_cpu_seconds();
      routed_rounds.push_back(routed_pair.run(in_flight, round_calls_max, round_time_max));
      own_cpu += own_cpu_seconds() - before;
    }
    comparisons.push_back({in_flight, summarize(direct_rounds), summarize(routed_rounds)});
    routed_calls += comparisons.back().routed.calls;
    failed += comparisons.back().routed.failed + comparisons.back().direct.failed;
  }
  std::printf("%s", table(comparisons).c_str());
  const auto per_call = [&](double seconds) { return seconds * 1e6 / static_cast<double>(routed_calls); };
  std::printf("\nCPU per routed call: broker %.0f us, bridge %.0f us, the two clients %.0f us\n\n",
              per_call(cpu_time(hub.broker_pid()).used_seconds - broker_cpu),
              per_call(cpu_time(hub.bridge_pid()).used_seconds - bridge_cpu), per_call(own_cpu));
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " calls failed");
  measure_scopes(ways);
  measure_sdk_calls(ways);
}

}  // namespace strawberry::bench
