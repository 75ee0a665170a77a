/// Tokens of devices that a user's token (or a sibling device's) acts as: got from the hub by registering the device
/// again, kept in memory.
///
/// Several Spokes may share one user's token and name themselves by `X-Device-Id`; towards the broker each is its own
/// device, with its own rights and presence.
///
/// Threading: loop only.   Errors: Problem; a device that is not the user's is `unauthorized`, as the Spoke API has it.
/// Bounds: tokens_max; the one that was used longest ago goes.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <unordered_map>

#include "common/text/clock.h"
#include "gateway/hub/asking.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

class DeviceTokens {
 public:
  static constexpr std::size_t tokens_max = 10'000;

  DeviceTokens(asio::io_context& loop, Links& links, const Clock& clock) : loop_(loop), links_(links), clock_(clock) {}

  /// The token to speak with: the bearer's own when no device is named, or it is the bearer itself. The bearer must be
  /// good now, whatever is kept.
  Task<tl::expected<std::string, Problem>> token_for(std::string bearer, std::string device_id, std::string address);
  /// A connection that speaks with it. A kept token that the hub refuses is got anew, once.
  Task<Links::Found> link_for(std::string bearer, std::string device_id, std::string address);
  /// What a registration gave.
  void remember(const std::string& bearer, const std::string& device_id, const std::string& token);
  void forget(const std::string& bearer, const std::string& device_id);

 private:
  struct Kept {
    std::string token;
    SteadyTime used{};
  };

  asio::io_context& loop_;
  Links& links_;
  const Clock& clock_;
  std::unordered_map<std::string, Kept> tokens_;  // by bearer, a space, device id
};

}  // namespace strawberry::gateway
