/// Tokens of devices for which a user's token (or another device's of that user) acts: obtained from the hub by
/// registering the device again, and kept in memory.
///
/// Several Spokes may share one user's token and identify themselves by `X-Device-Id`; for the broker each is its own
/// device, with its own permissions and presence.
///
/// Threading: loop only.   Errors: Problem; another user's device is `unauthorized`, as in the Spoke API.
/// Bounds: tokens_max; the least recently used one is dropped.
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

  /// Returns the token to connect with: the bearer's own when no device is named or it is the bearer itself. The bearer
  /// must be valid at this moment, even if a token is kept.
  Task<tl::expected<std::string, Problem>> token_for(std::string bearer, std::string device_id, std::string address);
  /// Returns a connection with that token. If the hub refuses a kept token, a new one is requested, once.
  Task<Links::Found> link_for(std::string bearer, std::string device_id, std::string address);
  /// Keeps the token that a registration returned.
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
