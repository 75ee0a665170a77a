/// The skills of one device that a broker announces: a call becomes messages to the broker, and ends when it has
/// acknowledged them.
///
/// The answer does not wait for the device: it confirms the request, and `Device.read` returns the resulting state.
/// Threading: loop only.   Lifetime: the home and the broker outlive it; running calls may outlive it.
/// Errors: Failure, for the caller of the skill: the broker is offline, refuses, or is lost before it acknowledges.
/// Bounds: calls_running_max(), calls_waiting_max(); a call ends at its deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/discovery/discovered_home.h"
#include "cli/spoke/discovery_run/foreign_broker.h"
#include "common/runtime/asio.h"

namespace strawberry::cli::discovery {

class DiscoveredSkills final : public DeviceSkills {
 public:
  DiscoveredSkills(asio::io_context& loop, DiscoveredHome& home, ForeignBroker& broker, std::string key)
      : loop_(loop), home_(home), broker_(broker), key_(std::move(key)) {}

  /// Empty when the home does not know the device any more.
  nlohmann::json registration() const override;
  std::size_t calls_running_max() const override { return 8; }
  std::size_t calls_waiting_max() const override { return 64; }
  Result<ReadyCall> prepare(const std::string& skill_path, const nlohmann::json& args,
                            const nlohmann::json& kwargs) override;

 private:
  Result<std::shared_ptr<RunningCall>> start(const std::string& skill_path, const nlohmann::json& args,
                                             const nlohmann::json& kwargs, std::chrono::milliseconds left,
                                             OnEnd on_end);

  asio::io_context& loop_;
  DiscoveredHome& home_;
  ForeignBroker& broker_;
  const std::string key_;
};

}  // namespace strawberry::cli::discovery
