/// strawberry-enemy: a whole hub, a user with a token who attacks it, and another user who keeps using it. One line of
/// a table for each attack: what was sent, the effect on the other user, memory of broker and bridge.
///
/// Everything runs on loopback in temporary directories. Exit codes: 0 when the other user lost nothing, waited no
/// longer than --p99-ms, broker and bridge used no more than --mib, the broker no more than 32 MiB for one device and
/// 128 for one user, and the bridge no more than 64 MiB; 1 when not; 2 wrong usage.
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <fstream>
#include <optional>
#include <thread>

#include "cli/choices.h"
#include "tests/enemy/household.h"
#include "tests/enemy/scenarios.h"

namespace strawberry::enemy {
namespace {

/// Time for bridge, broker and household to be ready again.
constexpr std::chrono::seconds restart_max{60};

struct Wanted {
  std::vector<std::string> names;
  int seconds = 10;
  double p99_ms = 100;
  double mib = 128;
  bool rate_limits = true;
  std::string logs;
};

double mib_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

/// The maximum of both, read periodically by a thread of its own.
class MemoryWatch {
 public:
  struct Before {
    double broker = 0;
    double bridge = 0;
  };
  MemoryWatch(pid_t broker, pid_t bridge, Before before)
      : broker_(broker), bridge_(bridge), before_(before), thread_([this] { run(); }) {}
  ~MemoryWatch() {
    stops_ = true;
    thread_.join();
  }
  double broker_gained() const { return broker_most_ - before_.broker; }
  double bridge_gained() const { return bridge_most_ - before_.bridge; }

 private:
  void run() {
    while (!stops_) {
      broker_most_ = std::max(broker_most_.load(), mib_of(broker_));
      bridge_most_ = std::max(bridge_most_.load(), mib_of(bridge_));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  pid_t broker_;
  pid_t bridge_;
  const Before before_;
  std::atomic<double> broker_most_{before_.broker};
  std::atomic<double> bridge_most_{before_.bridge};
  std::atomic<bool> stops_{false};
  std::thread thread_;
};

struct Sent {
  double packets = 0;
  double bytes = 0;
  double connections = 0;
};
Sent sent_by(const std::vector<std::unique_ptr<Attacker>>& attackers) {
  Sent sent;
  for (const auto& attacker : attackers) {
    sent.packets += static_cast<double>(attacker->packets());
    sent.bytes += static_cast<double>(attacker->bytes());
    sent.connections += static_cast<double>(attacker->connections());
  }
  return sent;
}

/// Returns false when the other user is not served again.
bool restart(test::HubProcess& hub, Household& household) {
  hub.stop_bridge();
  hub.start_bridge();
  hub.broker().stop();
  hub.broker().start();
  const auto took = household.come_back();
  if (!took) {
    std::fprintf(stderr, "the other user is not served again after the restart\n");
    return false;
  }
  std::fprintf(stderr, "the other user is served again %d ms after the restart\n", static_cast<int>(took->count()));
  return true;
}

/// Returns true when the other user was not harmed.
bool run(const Scenario& scenario, const Wanted& wanted) {
  const std::chrono::seconds time(wanted.seconds);
  constexpr std::chrono::milliseconds pause{20};
  test::HubProcess::Options options;
  options.rate_limits = wanted.rate_limits;
  options.broker_persistence = scenario.restarts;  // as shipped
  test::HubProcess hub(options);
  Household household(hub);
  household.live_for(std::chrono::milliseconds(300), pause);
  std::optional<MemoryWatch> memory;
  const MemoryWatch::Before without_attack{mib_of(hub.broker().process().pid()), mib_of(hub.bridge().pid())};
  const auto watch_memory = [&] { memory.emplace(hub.broker().process().pid(), hub.bridge().pid(), without_attack); };
  if (!scenario.restarts) watch_memory();
  auto attackers = attack(hub, scenario, 2 * time + (scenario.restarts ? restart_max : std::chrono::seconds(0)));
  if (scenario.restarts) {
    household.live_for(time / 2, pause);  // during the flood
    if (!restart(hub, household)) return false;
    watch_memory();
  }
  const Sent before = sent_by(attackers);
  const auto measured = household.live_for(time, pause);
  const Sent after = sent_by(attackers);
  attackers.clear();
  const double seconds = wanted.seconds;
  std::printf("| %-14s | %9.0f | %7.1f | %7.1f | %7d | %4d | %8.1f | %8.1f | %6.0f | %6.0f |\n", scenario.name.data(),
              (after.packets - before.packets) / seconds, (after.bytes - before.bytes) / 1e6 / seconds,
              (after.connections - before.connections) / seconds, static_cast<int>(measured.milliseconds.size()),
              measured.lost + measured.refused_logins, measured.percentile(0.5), measured.percentile(0.99),
              memory->broker_gained(), memory->bridge_gained());
  std::fflush(stdout);
  if (!wanted.logs.empty()) std::ofstream(wanted.logs) << hub.broker().log() << hub.bridge().output();
  return measured.lost + measured.refused_logins == 0 && measured.percentile(0.99) <= wanted.p99_ms &&
         memory->broker_gained() + memory->bridge_gained() <= wanted.mib &&
         memory->broker_gained() <= std::min(scenario.broker_mib, wanted.mib) &&
         memory->bridge_gained() <= std::min(scenario.bridge_mib, wanted.mib);
}

int run_all(const Wanted& wanted) {
  std::printf(
      "| attack         | packets/s |    MB/s | conns/s | calls   | lost | p50 (ms) | p99 (ms) | broker | bridge |\n");
  std::printf(
      "|----------------|----------:|--------:|--------:|--------:|-----:|---------:|---------:|-------:|-------:|\n");
  std::string harmful;
  for (const Scenario& scenario : scenarios()) {
    const bool chosen = wanted.names.empty() ||
                        std::find(wanted.names.begin(), wanted.names.end(), scenario.name) != wanted.names.end();
    if (chosen && !run(scenario, wanted)) harmful += " " + std::string(scenario.name);
  }
  std::printf("\nlost: calls without an answer and refused logins; broker, bridge: MiB gained meanwhile\n");
  if (harmful.empty()) return 0;
  std::printf("harmed the other user, took more than %.0f MiB, or of broker or bridge more than an attack may:%s\n",
              wanted.mib, harmful.c_str());
  return 1;
}

int start(int argc, char** argv) {
  Wanted wanted;
  CLI::App app("Attacks a hub as a user with a token, while another user lives with it.", "strawberry-enemy");
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios()) names.emplace_back(scenario.name);
  app.add_option("attack", wanted.names, "the attacks to try; all when none is named")->check(CLI::IsMember(names));
  app.add_option("--seconds", wanted.seconds, "how long each attack lasts")->check(CLI::Range(1, 3'600));
  app.add_option("--p99-ms", wanted.p99_ms, "what the other user may wait")->check(CLI::PositiveNumber);
  app.add_option("--mib", wanted.mib, "what broker and bridge may gain")->check(CLI::PositiveNumber);
  app.add_flag("!--no-rate-limits", wanted.rate_limits, "the test of the test: without limits the other user suffers");
  app.add_option("--logs", wanted.logs, "where to write what broker and bridge said in the last attack");
  std::string list = "Attacks:\n";
  for (const Scenario& scenario : scenarios())
    list += "  " + std::string(scenario.name) + std::string(16 - scenario.name.size(), ' ') +
            std::string(scenario.what) + "\n";
  app.footer(list);
  CLI11_PARSE(app, argc, argv);
  return run_all(wanted);
}

}  // namespace
}  // namespace strawberry::enemy

int main(int argc, char** argv) {
  testing::GTEST_FLAG(throw_on_failure) = true;  // for EXPECT in tests/support
  testing::InitGoogleTest(&argc, argv);
  return strawberry::enemy::start(argc, argv);
}
