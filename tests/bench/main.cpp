/// strawberry-load: what a routed call costs next to a direct one.
///
/// Direct: a caller publishes to a device and the device back, over a bare broker. Routed: the same two clients, the
/// same messages, through the hub: broker with plugin, bridge, skill call. Rounds of both alternate, so that whatever
/// else the machine does hits both. Everything runs on loopback in a temporary directory and is gone afterwards.
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/bench/calls.h"
#include "tests/bench/report.h"
#include "tests/support/broker_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bench {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int rounds_per_way = 5;
constexpr milliseconds round_time_max{1'000};
constexpr int round_calls_max = 4'000;
constexpr int warm_up_calls = 300;
constexpr std::array in_flight_steps{1, 16, 64};
constexpr const char* owner = "bench";
/// As config/mosquitto.conf has it; the same for both brokers.
const std::vector<std::string> broker_config{"max_inflight_messages 1000"};

/// Runs one strawberryctl command; what it printed as JSON.
json control(const std::string& data_dir, std::vector<std::string> words) {
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRY_BIN_DIR "/strawberryctl", "--json", "--data-dir", data_dir};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  test::ChildProcess child(std::move(options));
  const auto code = child.wait_for_exit(std::chrono::seconds(20));
  if (code != 0) throw std::runtime_error("strawberryctl " + words.front() + ": " + child.output());
  return json::parse(child.output());
}

/// Broker, plugin and bridge on their own keys and database.
class Hub {
 public:
  Hub() {
    control(data_dir_, {"init"});
    test::BrokerProcess::Options broker;
    broker.config = broker_config;
    broker.keys_path = data_dir_ + "/keys.json";
    broker.database_path = data_dir_ + "/hub.db";
    broker_ = std::make_unique<test::BrokerProcess>(std::move(broker));
    std::ofstream(data_dir_ + "/endpoint") << "127.0.0.1 " << broker_->port() << "\n";

    test::ChildProcess::Options bridge;
    bridge.argv = {STRAWBERRY_BIN_DIR "/strawberry-bridge", "--config", STRAWBERRY_SOURCE_DIR "/config/bridge.toml"};
    bridge.environment = {{"STRAWBERRY_DATA_DIR", data_dir_},
                          {"STRAWBERRY_BROKER_HOST", "127.0.0.1"},
                          {"STRAWBERRY_BROKER_PORT", std::to_string(broker_->port())}};
    bridge_ = std::make_unique<test::ChildProcess>(std::move(bridge));
    try {
      control(data_dir_, {"ready", "--timeout", "10s"});
    } catch (const std::exception& failure) {
      throw std::runtime_error(std::string(failure.what()) + bridge_->output());
    }
  }
  ~Hub() { bridge_->terminate(); }

  struct Device {
    std::string id;
    std::string token;
  };
  Device add_device(const std::string& name) {
    const json added = control(data_dir_, {"device", "add", name, "--user", owner});
    return {added.at("device_id").get<std::string>(), added.at("access_token").get<std::string>()};
  }
  int port() const { return broker_->port(); }
  int broker_pid() const { return broker_->process().pid(); }
  int bridge_pid() const { return bridge_->pid(); }

 private:
  test::TempDir directory_;
  std::string data_dir_ = directory_.file("hub");
  std::unique_ptr<test::BrokerProcess> broker_;
  std::unique_ptr<test::ChildProcess> bridge_;
};

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void register_skill(Pair& pair, const std::string& device_id) {
  const json request{{"op", "register"},
                     {"correlation_id", "register"},
                     {"skills", json::array({{{"class_name", "MusicControlSkill"},
                                              {"function_name", "play_song"},
                                              {"signature", "play_song(name: str, volume: int = 50) -> str"}}})}};
  const json reply = json::parse(pair.ask_as_device("skills/" + device_id + "/request", request.dump()));
  if (!reply.at("success").get<bool>()) throw std::runtime_error("registration refused: " + reply.dump());
}

int measure() {
  test::BrokerProcess::Options bare_options;
  bare_options.config = broker_config;
  const test::BrokerProcess bare(std::move(bare_options));
  Hub hub;
  const Hub::Device caller = hub.add_device("Kitchen Tablet");
  const Hub::Device device = hub.add_device("Living Room Speaker");

  Pair direct(bare.port(), direct_route(), caller.id, "", device.id, "");
  Pair routed_pair(hub.port(), routed(caller.id, device.id), caller.id, caller.token, device.id, device.token);
  register_skill(routed_pair, device.id);
  direct.run(1, warm_up_calls, round_time_max);
  routed_pair.run(1, warm_up_calls, round_time_max);

  std::vector<Comparison> comparisons;
  std::uint64_t routed_calls = 0;
  double own_cpu = 0;
  const double broker_cpu = cpu_seconds(hub.broker_pid());
  const double bridge_cpu = cpu_seconds(hub.bridge_pid());
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
  std::cout << table(comparisons);
  const auto per_call = [&](double seconds) { return seconds * 1e6 / static_cast<double>(routed_calls); };
  std::printf("\nCPU per routed call: broker %.0f us, bridge %.0f us, the two clients %.0f us\n",
              per_call(cpu_seconds(hub.broker_pid()) - broker_cpu),
              per_call(cpu_seconds(hub.bridge_pid()) - bridge_cpu), per_call(own_cpu));
  if (failed != 0) {
    std::fprintf(stderr, "strawberry-load: %llu calls failed\n", static_cast<unsigned long long>(failed));
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace strawberry::bench

int main(int argc, char** argv) {
  if (argc > 1) {
    const bool help = std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0;
    std::fputs("usage: strawberry-load (no options; takes about half a minute)\n", help ? stdout : stderr);
    return help ? 0 : 2;
  }
  try {
    return strawberry::bench::measure();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "strawberry-load: %s\n", failure.what());
    return 1;
  }
}
