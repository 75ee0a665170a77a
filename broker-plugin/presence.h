/// Keeps the retained `devices/{id}/status` true (docs/contract.md, section 8), whatever devices, their wills and a
/// broker that starts again leave there.
///
/// Threading: one thread.   Bounds: a few entries for each device there is.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker-plugin/broker.h"
#include "common/clock.h"
#include "common/device_directory.h"

namespace strawberry {

class Presence {
 public:
  struct Options {
    /// How long after the start a device may take to come back before it is declared gone.
    std::chrono::milliseconds grace_after_start{2'000};
    std::size_t declared_gone_per_tick_max = 5'000;
  };

  Presence(Broker& broker, const DeviceDirectory& directory, const Clock& clock, Options options);

  /// The first connection of a device opened, or another one.
  void connected(const std::string& device_id);
  /// A connection closed; `others` are still open. After a takeover the old connection's will has just been published
  /// over what is true.
  void disconnected(const std::string& device_id, std::size_t others, bool taken_over, std::string_view reason);
  /// Something other than the plugin was published on the device's status topic: by itself, or as its will.
  void claimed(const std::string& device_id, std::string_view payload);
  /// The device is no more: takes its status away.
  void forget(const std::string& device_id);

  /// Puts right what is wrong. About once a second.
  void tick();

 private:
  void publish(const std::string& device_id, bool online, WallTime since, std::string_view reason);
  void publish_truth(const std::string& device_id);
  void declare_the_gone();
  bool all_gone_declared() const { return knows_the_gone_ && presumed_gone_.empty(); }

  Broker& broker_;
  const DeviceDirectory& directory_;
  const Clock& clock_;
  Options options_;
  std::unordered_map<std::string, WallTime> online_since_;
  std::vector<std::string> contradicted_;
  SteadyTime started_;
  // Until everybody who did not come back after the start has been declared gone:
  bool knows_the_gone_ = false;
  std::vector<std::string> presumed_gone_;
  std::unordered_set<std::string> spoken_of_;  // their status is this plugin's own already
};

}  // namespace strawberry
