#include "tests/bench/memory.h"

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "tests/bench/crowd.h"
#include "tests/bench/fleet.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

constexpr std::size_t devices_wanted = 10'000;
constexpr std::size_t devices_per_user = 10;

struct Usage {
  double idle = 0;       // bytes, before anybody has connected
  double connected = 0;  // with all of them
};

Usage use(const Fleet& fleet, test::BrokerProcess& broker, bool with_tokens) {
  Usage usage;
  usage.idle = resident_bytes(broker.process().pid());
  const Crowd crowd(fleet, broker.port(), 0, with_tokens);
  usage.connected = resident_bytes(broker.process().pid());
  return usage;
}

}  // namespace

void measure_memory() {
  const Fleet fleet(possible_devices(devices_wanted), devices_per_user);
  if (fleet.size() == 0) throw std::runtime_error("no device may connect: too few open files are allowed");
  Usage bare;
  Usage plugin;
  {
    const auto broker = fleet.start_bare();
    bare = use(fleet, *broker, /*with_tokens=*/false);
    broker->kill();  // otherwise it would send DISCONNECT to each of them
  }
  {
    const auto broker = fleet.start_with_plugin();
    plugin = use(fleet, *broker, /*with_tokens=*/true);
    broker->kill();
  }

  constexpr double mib = 1024.0 * 1024.0;
  const auto count = static_cast<double>(fleet.size());
  const auto row = [&](const char* name, double idle, double connected) {
    std::printf("| %-10s | %10.1f | %15.1f | %12.0f |\n", name, idle / mib, connected / mib,
                (connected - idle) / count);
  };
  std::printf("%zu connected devices with three subscriptions each:\n\n", fleet.size());
  std::printf("| memory     | idle (MiB) | connected (MiB) | bytes/device |\n");
  std::printf("|------------|-----------:|----------------:|-------------:|\n");
  row("bare", bare.idle, bare.connected);
  row("plugin", plugin.idle, plugin.connected);
  row("difference", plugin.idle - bare.idle, plugin.connected - bare.connected);
  std::printf("\n");
}

}  // namespace strawberry::bench
