#include "tests/bench/sdk_calls.h"

#include <strawberry/spoke.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/bench/calls_report.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

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

/// The same skill in Python: a process of its own, as a Spoke in Python is.
constexpr const char* python_skill = R"(
import sys
from strawberry_spoke import Spoke

class MusicControlSkill:
    def play_song(self, name: str, volume: int = 50) -> str:
        return "Playing " + name

Spoke(token_file=sys.argv[1], host="127.0.0.1", port=int(sys.argv[2]), skills=[MusicControlSkill]).run()
)";

std::string python_with_paho() {
  const char* named = std::getenv("STRAWBERRY_BENCH_PYTHON");
  const std::string python = named != nullptr && *named != '\0' ? named : "/usr/bin/python3";
  test::ChildProcess::Options look;
  look.argv = {python, "-c", "import paho.mqtt.client, sys; print('Python', sys.version.split()[0])"};
  try {
    test::ChildProcess found(std::move(look));
    if (found.wait_for_exit(std::chrono::seconds(20)) == 0) return python;
  } catch (const std::exception&) {  // there is no such program
  }
  return {};
}

/// Serving when it returns. `token_file` outlives it.
std::unique_ptr<test::ChildProcess> python_spoke(const std::string& python, const std::string& token_file,
                                                 const Hub& hub, const Hub::Device& device) {
  std::ofstream(token_file) << device.token << "\n";
  std::filesystem::permissions(token_file, std::filesystem::perms(0600));
  test::ChildProcess::Options options;
  options.argv = {python, "-c", python_skill, token_file, std::to_string(hub.port())};
  options.environment = {{"PYTHONPATH", STRAWBERRY_SOURCE_DIR "/sdk/python"}, {"PYTHONDONTWRITEBYTECODE", "1"}};
  auto spoke = std::make_unique<test::ChildProcess>(std::move(options));
  if (!spoke->wait_for_output("offers 1 skill", std::chrono::seconds(30)))
    throw std::runtime_error("the Spoke in Python does not come up:\n" + spoke->output());
  return spoke;
}

/// One of what the same caller calls.
struct Way {
  const char* name;
  Pair& pair;
  std::vector<Round> rounds = {};
};

void print_row(int in_flight, const char* name, const Summary& way) {
  std::printf("| %9d | %-6s | %8.3f | %8.3f | %7.0f | %5zu |\n", in_flight, name, way.p50_us / 1000, way.p99_us / 1000,
              way.calls_per_s, way.calls);
}

/// Rows of all ways; returns how many calls failed.
std::uint64_t measure_in_flight(int in_flight, std::vector<Way> ways) {
  for (int i = 0; i < sdk_rounds; ++i) {
    for (Way& way : ways) way.rounds.push_back(way.pair.run(in_flight, sdk_round_calls_max, sdk_round_time_max));
  }
  const Summary bare = summarize(ways.front().rounds);
  std::uint64_t failed = 0;
  for (const Way& way : ways) {
    const Summary summary = summarize(way.rounds);
    failed += summary.failed;
    print_row(in_flight, way.name, summary);
    if (&way == &ways.front()) continue;
    std::printf("| %9d | ratio  | %7.2fx | %7.2fx | %6.2fx |       |\n", in_flight, summary.p50_us / bare.p50_us,
                summary.p99_us / bare.p99_us, summary.calls_per_s / bare.calls_per_s);
  }
  return failed;
}

}  // namespace

void measure_sdk_calls(SideBySide& ways) {
  Hub& hub = ways.hub;
  const Hub::Device caller = hub.add_device("Hall Tablet");
  const Hub::Device device = hub.add_device("Hall Speaker");
  const Hub::Device python_device = hub.add_device("Attic Speaker");
  Spoke spoke(options_of(hub, device));
  spoke.skill("MusicControlSkill.play_song(name: str, volume: int = 50) -> str", "",
              [](const std::string& name, int) { return "Playing " + name; });
  spoke.start();
  if (!spoke.wait_until_ready()) throw std::runtime_error("the Spoke of the SDK does not come up");
  const test::TempDir directory;
  const std::string python = python_with_paho();
  std::unique_ptr<test::ChildProcess> in_python;
  if (!python.empty()) in_python = python_spoke(python, directory.file("token"), hub, python_device);
  Pair to_sdk(hub.port(), routed(caller.id, device.id), caller.id, caller.token, device.id);
  const Hub::Device second_caller = hub.add_device("Attic Tablet");
  Pair to_python(hub.port(), routed(second_caller.id, python_device.id), second_caller.id, second_caller.token,
                 python_device.id);
  std::vector<Way> all{{"bare", ways.through_hub}, {"C++", to_sdk}};
  if (in_python) all.push_back({"Python", to_python});
  for (Way& way : all) way.pair.run(1, 300, sdk_round_time_max);

  std::printf("A call through the hub to a bare client, and to Spokes of the C++ and the Python library:\n\n");
  if (!in_python) std::printf("Python is left out: there is none with paho-mqtt (python3-paho-mqtt).\n\n");
  std::printf("| in flight | Spoke  | p50 (ms) | p99 (ms) | calls/s | calls |\n");
  std::printf("|----------:|--------|---------:|---------:|--------:|------:|\n");
  std::uint64_t failed = 0;
  for (const int in_flight : sdk_in_flight_steps) failed += measure_in_flight(in_flight, all);
  std::printf("\n");
  if (failed != 0) throw std::runtime_error(std::to_string(failed) + " calls failed");
}

}  // namespace strawberry::bench
