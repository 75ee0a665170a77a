/// Keeps the retained `devices/{id}/status` true (docs/contract.md, section 8), whatever devices, their wills and a
/// broker that starts again leave there.
///
/// Threading: one thread.   Bounds: one entry for each device there is.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker-plugin/broker.h"
#include "common/identity/device_directory.h"
#include "common/text/clock.h"

namespace strawberry::plugin {

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
  /// A connection closed; `others` are still open. After a takeover the device stays online for that reason, which is
  /// published, since the old connection's will may have been published over it. `reason` must be a literal's.
  void disconnected(const std::string& device_id, std::size_t others, bool taken_over, std::string_view reason);
  /// A will of the device is published: so it did not say goodbye.
  void left_a_will(const std::string& device_id);
  /// Something other than the plugin was published on the device's status topic: by itself, or as its will.
  void claimed(const std::string& device_id, std::string_view payload);
  /// The device is no more: takes its status away.
  void forget(const std::string& device_id);

  /// Puts right what is wrong. About once a second.
  void tick();

 private:
  struct Status {
    bool online = false;
    WallTime since;
    std::string_view reason;
  };

  void change(const std::string& device_id, Status status);
  void publish(const std::string& device_id, const Status& status);
  void declare_the_gone();

  Broker& broker_;
  const DeviceDirectory& directory_;
  const Clock& clock_;
  Options options_;
  std::unordered_map<std::string, Status> statuses_;  // of the devices spoken of since the start
  std::vector<std::string> contradicted_;
  SteadyTime started_;
  // Until everybody who did not come back after the start has been declared gone:
  bool knows_the_gone_ = false;
  std::vector<std::string> presumed_gone_;
};

}  // namespace strawberry::plugin
