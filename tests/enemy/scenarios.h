/// The attacks of a user with a token, by name: each has a few clients of that user, and their packets.
///
/// Pure functions except for the tokens that the hub signs.
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
  int devices = 1;        // of the attacker, all attacking at once
  /// Sets the attackers' packets; `id` is the device's, `connection` counts those of one device from 0.
  void (*arm)(Attacker::Options& options, const std::string& id, int connection);
  /// Bridge and broker are each restarted once during the attack, before the effect on the other user is measured.
  bool restarts = false;
  int connections = 1;  // of each device
  /// Allowed growth of the broker in MiB: for one device unless stated otherwise. More if many messages wait for the
  /// bridge, which count for no client.
  double broker_mib = 32;
  double bridge_mib = 64;  // allowed growth of the bridge
};
const std::vector<Scenario>& scenarios();

inline constexpr const char* enemy_user = "mallory";

/// Returns running attackers of the scenario.
std::vector<std::unique_ptr<Attacker>> attack(test::HubProcess& hub, const Scenario& scenario,
                                              std::chrono::seconds time_max);

}  // namespace strawberry::enemy
