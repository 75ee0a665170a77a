/// What an enemy with a token tries: the attacks by name, each a few clients of one user and what they send.
///
/// Pure functions but for the tokens that the hub signs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/enemy/attacker.h"
#include "tests/support/hub_process.h"

namespace strawberry::enemy {

struct Scenario {
  std::string_view name;
  std::string_view what;  // one line for the table of --help
  int devices = 1;        // of the enemy, all attacking at once
  /// Sets what the attackers send; `id` is the device's, `connection` counts those of one device from 0.
  void (*arm)(Attacker::Options& options, const std::string& id, int connection);
  /// Bridge and broker are restarted under the attack, each once, before it is looked at what the other user notices.
  bool restarts = false;
  int connections = 1;  // of each device
  /// What the broker may gain, in MiB: of one device unless it says otherwise. More where much waits for the bridge,
  /// which is nobody's own.
  double broker_mib = 32;
  double bridge_mib = 64;  // what the bridge may gain
};
const std::vector<Scenario>& scenarios();

inline constexpr const char* enemy_user = "mallory";

/// Attackers of the scenario, at work when returned.
std::vector<std::unique_ptr<Attacker>> attack(test::HubProcess& hub, const Scenario& scenario,
                                              std::chrono::seconds time_max);

}  // namespace strawberry::enemy
