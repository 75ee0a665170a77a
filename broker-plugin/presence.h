/// Keeps the retained `devices/{id}/status` correct (docs/contract.md, section 8), whatever devices, their wills or a
/// restart of the broker leave there.
///
/// Threading: one thread.   Bounds: one entry for each device, and for those deleted since forget_deleted().
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
    /// Time that devices have to reconnect after the start before they are declared offline.
    std::chrono::milliseconds grace_after_start{2'000};
    std::size_t declared_gone_per_tick_max = 5'000;
  };

  Presence(Broker& broker, const DeviceDirectory& directory, const Clock& clock, Options options);

  /// Called when the first connection of a device, or another one, has opened.
  void connected(const std::string& device_id);
  /// Called when a connection has closed; `others` are still open. After a takeover the plugin publishes `online` with
  /// that reason, since the old connection's will may have been published over the status. `reason` must refer to a
  /// literal.
  void disconnected(const std::string& device_id, std::size_t others, bool taken_over, std::string_view reason);
  /// Called when a will of the device is published: it ended without DISCONNECT.
  void left_a_will(const std::string& device_id);
  /// Called when the device's status topic receives a message that is not the plugin's: the device's own, or its will.
  void claimed(const std::string& device_id, std::string_view payload);
  /// Called when the device was deleted: removes its status.
  void forget(const std::string& device_id);

  /// Corrects wrong statuses. Call about once a second.
  void tick();
  /// Forgets devices that were deleted while they were offline: no connection's end reports those. Call now and then.
  void forget_deleted();

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
  std::unordered_map<std::string, Status> statuses_;  // of the devices seen since the start
  std::vector<std::string> contradicted_;
  SteadyTime started_;
  // False until the devices that did not reconnect after the start were declared offline:
  bool knows_the_gone_ = false;
  std::vector<std::string> presumed_gone_;
};

}  // namespace strawberry::plugin
