#include "tests/bench/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/topics.h"
#include "tests/bench/fleet.h"
#include "tests/bench/raw_client.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

constexpr std::size_t devices_wanted = 10'000;
constexpr std::size_t devices_per_user = 10;
constexpr std::size_t other_files = 200;  // that generator and broker may have open besides
constexpr std::size_t at_a_time = 50;

/// As many as there may be sockets, in this process and in the broker, which inherits the limit.
std::size_t possible_devices() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(devices_wanted, limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, other_files));
}

struct Usage {
  double idle = 0;       // bytes, before anybody has connected
  double connected = 0;  // with all of them
};

Usage use(const Fleet& fleet, test::BrokerProcess& broker, bool with_tokens) {
  Usage usage;
  usage.idle = resident_bytes(broker.process().pid());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t first = 0; first < fleet.size(); first += at_a_time) {
    const std::size_t last = std::min(first + at_a_time, fleet.size());
    for (std::size_t i = first; i < last; ++i) {
      clients.push_back(std::make_unique<RawClient>(broker.port()));
      clients[i]->send(wire::connect(with_tokens ? fleet.with_token(i) : fleet.anonymous(i)));
    }
    for (std::size_t i = first; i < last; ++i) {
      clients[i]->expect(wire::check_accepted);
      const std::string& id = fleet.id(i);
      clients[i]->send(wire::subscribe(
          {skill_call_topic(id), response_topic(Service::skills, id), response_topic(Service::chat, id)}, 1));
    }
    for (std::size_t i = first; i < last; ++i) clients[i]->expect(wire::check_subscribed);
  }
  usage.connected = resident_bytes(broker.process().pid());
  return usage;
}

}  // namespace

void measure_memory() {
  const Fleet fleet(possible_devices(), devices_per_user);
  if (fleet.size() == 0) throw std::runtime_error("no device may connect: too few open files are allowed");
  Usage bare;
  Usage plugin;
  {
    const auto broker = fleet.start_bare();
    bare = use(fleet, *broker, /*with_tokens=*/false);
    broker->kill();  // or it would say goodbye to each of them
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
