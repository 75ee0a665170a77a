#include "tests/bench/sdk_calls.h"

#include <strawberry/spoke.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "tests/bench/calls_report.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;

constexpr int sdk_rounds = 10;
constexpr milliseconds sdk_round_time_max{500};
constexpr int sdk_round_calls_max = 2'000;
constexpr std::array sdk_in_flight_steps{1, 16};

SpokeOptions options_of(const Hub& hub, const Hub::Device& device) {
  SpokeOptions options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(hub.port());
  options.token = device.token;
  options.log = [](LogLevel level, const std::string& line) {
    if (level != LogLevel::info) std::fprintf(stderr, "strawberry-load: the Spoke: %s\n", line.c_str());
  };
  return options;
}

}  // namespace

void measure_sdk_calls(SideBySide& ways) {
  Hub& hub = ways.hub;
  const Hub::Device caller = hub.add_device("Hall Tablet");
  const Hub::Device device = hub.add_device("Hall Speaker");
  Spoke spoke(options_of(hub, device));
  spoke.skill("MusicControlSkill.play_song(name: str, volume: int = 50) -> str", "",
              [](const std::string& name, int) { return "Playing " + name; });
  spoke.start();
  if (!spoke.wait_until_ready()) throw std::runtime_error("the Spoke of the SDK does not come up");
  Pair to_sdk(hub.port(), routed(caller.id, device.id), caller.id, caller.token, device.id);
  to_sdk.run(1, 300, sdk_round_time_max);
  ways.through_hub.run(1, 300, sdk_round_time_max);

  std::printf("A call through the hub to a bare client, and to a Spoke of the C++ library:\n\n");
  std::printf("| in flight | Spoke  | p50 (ms) | p99 (ms) | calls/s | calls |\n");
  std::printf("|----------:|--------|---------:|---------:|--------:|------:|\n");
  std::uint64_t failed = 0;
  for (const int in_flight : sdk_in_flight_steps) {
    std::vector<Round> bare;
    std::vector<Round> sdk;
    for (int i = 0; i < sdk_rounds; ++i) {
      bare.push_back(ways.through_hub.run(in_flight, sdk_round_calls_max, sdk_round_time_max));
      sdk.push_back(to_sdk.run(in_flight, sdk_round_calls_max, sdk_round_time_max));
    }
    const Summary a = summarize(bare);
    const Summary b = summarize(sdk);
    failed += a.failed + b.failed;
    for (const auto& [name, way] : {std::pair{"bare", a}, std::pair{"SDK", b}}) {
      std::printf("| %9d | %-6s | %8.3f | %8.3f | %7.0f | %5zu |\n", in_flight, name, way.p50_us / 1000,
                  way.p99_us / 1000, way.calls_per_s, way.calls);
    }
    std::printf("| %9d | ratio  | %7.2fx | %7.2fx | %6.2fx |       |\n", in_flight, b.p50_us / a.p50_us,
                b.p99_us / a.p99_us, b.calls_per_s / a.calls_per_s);
  }
  std::printf("\n");
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " calls failed");
}

}  // namespace strawberry::bench
