/// The `users` service, the other part: tokens that people issue for themselves and their devices, list and revoke
/// (docs/contract.md, section 12).
///
/// A token never gives more than the one that asks for it: not more scopes, not more skills, and, when that one is
/// limited, no longer; then it also belongs to its line, and ends with it. In a pattern a device's name is replaced by
/// the device's id, so that renaming another device does not widen the token.
///
/// Publishes what it has done (user_events.h).
///
/// Threading: loop only.   Lifetime: what the constructor is given outlives it.
/// Bounds: Options; how many tokens a user may have the store knows (quota_exceeded).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/user_store.h"
#include "bridge/users/user_events.h"
#include "common/runtime/events.h"
#include "common/runtime/user_rate.h"

namespace strawberry::bridge {

class TokenService final : public RequestHandler {
 public:
  struct Options {
    std::chrono::seconds lifetime = token_lifetime_default;
    std::chrono::seconds line_max{0};  // as DeviceTokens::Options
    std::size_t list_max = 1'000;
    std::int64_t issues_per_hour_max = 1'200;  // of one user: each is a write
  };
  struct Parts {
    UserStore& store;
    DeviceRegistry& devices;
    TokenIssuer& tokens;
    Events& events;
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
  };

  TokenService(const Clock& clock, Parts parts, Options options)
      : clock_(clock), parts_(std::move(parts)), options_(options), issues_(clock, {options.issues_per_hour_max}) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> issue(Request request);
  Task<Outcome> list(Request request);
  Task<Outcome> revoke(Request request);
  /// Whom the token is for, and from when on it may be dated.
  Reply<Claims> claims_for(const Request& request) const;
  Reply<Rights> wanted_rights(const Request& request) const;
  Reply<std::string> resolved(const std::string& pattern, const std::string& user_id) const;

  const Clock& clock_;
  const Parts parts_;
  const Options options_;
  UserRate issues_;
};

}  // namespace strawberry::bridge
