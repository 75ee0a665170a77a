#include "tests/bench/messages.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/fleet.h"
#include "tests/bench/message_crowd.h"
#include "tests/bench/report.h"

namespace strawberry::bench {
namespace {

using std::chrono::milliseconds;

constexpr int rounds = 5;
constexpr milliseconds round_time{600};
constexpr milliseconds warm_up_time{100};

}  // namespace

void measure_messages() {
  const Fleet fleet(message_devices, message_devices);
  const auto bare = fleet.start_bare();
  const auto with_plugin = fleet.start_with_plugin();
  std::vector<RateRow> rows;
  for (const Scenario& scenario : message_scenarios) {
    MessageCrowd bare_crowd(scenario, fleet, *bare, /*with_tokens=*/false);
    MessageCrowd plugin_crowd(scenario, fleet, *with_plugin, /*with_tokens=*/true);
    bare_crowd.run(warm_up_time);
    plugin_crowd.run(warm_up_time);
    std::vector<Rate> bare_rates;
    std::vector<Rate> plugin_rates;
    for (int i = 0; i < rounds; ++i) {
      bare_rates.push_back(bare_crowd.run(round_time));
      plugin_rates.push_back(plugin_crowd.run(round_time));
    }
    const std::string which = std::string(scenario.name) + " QoS " + std::to_string(scenario.qos);
    rows.push_back({which, "bare", bare_rates, bare_rates});
    rows.push_back({which, "plugin", plugin_rates, bare_rates});
  }
  std::printf("%s\n", rate_table("messages", rows).c_str());
}

}  // namespace strawberry::bench
