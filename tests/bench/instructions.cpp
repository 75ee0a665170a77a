#include "tests/bench/instructions.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/connect_round.h"
#include "tests/bench/fleet.h"
#include "tests/bench/message_crowd.h"
#include "tests/bench/report.h"
#include "tests/bench/side_by_side.h"

namespace strawberry::bench {
namespace {

using std::chrono::seconds;

// A run of each size; the difference leaves out what starting, connecting and ending cost.
constexpr std::size_t few = 1;
constexpr std::size_t many = 9;
constexpr std::size_t connections = 500;
constexpr std::size_t deliveries = 1'000;
constexpr std::size_t calls = 200;
constexpr std::size_t devices = 500;
constexpr std::size_t devices_per_user = 10;

/// With STRAWBERRY_BENCH_CALLGRIND, a folder, what callgrind_annotate reads is written there.
std::vector<std::string> valgrind(const std::string& name) {
  const char* folder = std::getenv("STRAWBERRY_BENCH_CALLGRIND");
  const std::string out = folder == nullptr ? "/dev/null" : std::string(folder) + "/" + name;
  return {"/usr/bin/valgrind", "--tool=callgrind", "--callgrind-out-file=" + out};
}

/// As callgrind says at the end.
double collected(const std::string& output) {
  constexpr std::string_view label = "Collected : ";
  const std::size_t at = output.rfind(label);
  if (at == std::string::npos) throw std::runtime_error("valgrind has not counted:\n" + output);
  return std::stod(output.substr(at + label.size()));
}

/// Instructions for one of `unit`, of which `run` makes as many as it is told.
double each(std::size_t unit, const std::function<double(std::size_t count)>& run) {
  const double less = run(few * unit);
  const double more = run(many * unit);
  return (more - less) / static_cast<double>((many - few) * unit);
}

test::BrokerProcess::Options broker_options(const Fleet* fleet, const std::string& name) {
  test::BrokerProcess::Options options;
  options.config = broker_config();
  options.run_by = valgrind((fleet == nullptr ? "bare-" : "plugin-") + name);
  if (fleet == nullptr) return options;
  options.keys_path = fleet->files().keys_path();
  options.database_path = fleet->files().database_path();
  options.socket_path = fleet->files().socket_path();
  options.rate_limits = false;
  return options;
}

double connect_instructions(const Fleet& fleet, bool with_plugin) {
  std::vector<std::string> packets;
  for (std::size_t i = 0; i < fleet.size(); ++i)
    packets.push_back(wire::connect(with_plugin ? fleet.with_token(i) : fleet.anonymous(i)));
  return each(connections, [&](std::size_t count) {
    test::BrokerProcess broker(broker_options(with_plugin ? &fleet : nullptr, "connects"));
    ConnectRound(broker, packets).run_connections(count);
    broker.stop();
    return collected(broker.log());
  });
}

double message_instructions(const Scenario& scenario, const Fleet& fleet, bool with_plugin) {
  const std::size_t messages = deliveries / scenario.subscribers;
  return each(messages,
              [&](std::size_t count) {
                const std::string name = std::string(scenario.name) + std::to_string(scenario.qos);
                test::BrokerProcess broker(broker_options(with_plugin ? &fleet : nullptr, name));
                {
                  MessageCrowd crowd(scenario, fleet, broker, with_plugin);
                  crowd.run_messages(count);
                }
                broker.stop();
                return collected(broker.log());
              }) /
         static_cast<double>(scenario.subscribers);
}

double call_instructions(int in_flight) {
  return each(calls, [&](std::size_t count) {
    // Busy polling would count the time it waits.
    SideBySide ways({{"STRAWBERRY_BUSY_POLL_US", "0"}}, valgrind("bridge" + std::to_string(in_flight)));
    ways.through_hub.register_skill();
    ways.through_hub.run(in_flight, static_cast<int>(count), seconds(60));
    ways.hub.bridge().terminate();
    return collected(ways.hub.bridge().output());
  });
}

void print(const std::string& what, double bare, double with_hub) {
  std::printf("| %-27s | %8.0f | %8.0f | %8.0f | %5.2f |\n", what.c_str(), bare, with_hub, with_hub - bare,
              bare / with_hub);
  std::fflush(stdout);
}

}  // namespace

void measure_instructions() {
  std::printf("| instructions of the broker  |     bare |   plugin |    added | ratio |\n");
  std::printf("|-----------------------------|---------:|---------:|---------:|------:|\n");
  {
    const Fleet fleet(devices, devices_per_user);
    print("a connection", connect_instructions(fleet, false), connect_instructions(fleet, true));
  }
  const Fleet fleet(message_devices, message_devices);
  for (const Scenario& scenario : message_scenarios) {
    const std::string what = std::string(scenario.name) + " QoS " + std::to_string(scenario.qos) + ", a delivery";
    print(what, message_instructions(scenario, fleet, false), message_instructions(scenario, fleet, true));
  }
  std::printf("\nInstructions of the bridge for a routed call: %.0f at 1 in flight, ", call_instructions(1));
  std::printf("%.0f at 64\n\n", call_instructions(64));
}

}  // namespace strawberry::bench
