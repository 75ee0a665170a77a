/// The `devices` service: who may add, see, rename, revoke and delete devices, and the tokens they get
/// (docs/contract.md, section 7).
///
/// Tokens of programs and login links: program_tokens.h.
///
/// A device is managed by its user, by the user's other devices and by admins. Whatever belongs to somebody else is
/// `not_found`.
///
/// Every token goes onto the list (DeviceStore::add_token()) before its holder has it, with the one that asked for it.
/// One that a holder gets in exchange for its own continues that one's line: it dies with it, and ends when the line is
/// too old.
///
/// Publishes what it has done (device_events.h).
///
/// Threading: loop only.   Bounds: Options::devices_max, then `busy`; registrations_per_hour_max and
/// refreshes_per_hour_max of one user, then `rate_limited`; an admin has no such rate. How many devices and tokens a
/// user may have the store knows (quota_exceeded).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/devices/device_events.h"
#include "bridge/devices/device_registry.h"
#include "bridge/devices/device_tokens.h"
#include "bridge/pipeline/service.h"
#include "common/runtime/events.h"
#include "common/runtime/user_rate.h"

namespace strawberry::bridge {

class DeviceService final : public RequestHandler {
 public:
  struct Options {
    std::size_t devices_max = 100'000;
    std::int64_t registrations_per_hour_max = 0;  // of one user; 0: any number
    std::int64_t refreshes_per_hour_max = 1'200;  // likewise: each is a write
    DeviceTokens::Options tokens{};
  };
  /// What the service asks other parts of the bridge.
  struct Functions {
    std::function<std::size_t(const std::string& device_id)> skill_count;
    /// Registered, renamed, revoked or deleted, and stored: returns when the broker's plugin knows. `ids` are the
    /// device's and, when one was spent, the one-time token's.
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
  };

  DeviceService(const Clock& clock, DeviceRegistry& devices, DeviceStore& store, TokenIssuer& tokens, Events& events,
                Functions functions, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  using Outcome = Reply<nlohmann::json>;
  Outcome me(const Request& request) const;
  Outcome list(const Request& request) const;
  Outcome get(const Request& request) const;
  Task<Outcome> add(Request request);
  Task<Outcome> update(Request request);
  Task<Outcome> refresh_token(Request request);
  Task<Outcome> revoke(Request request);
  Task<Outcome> remove(Request request);

  /// Returns when the broker's plugin and all who listen know of the change.
  Task<void> announce(DeviceChanged changed, std::optional<std::string> spent_token = {});
  /// Undoes in the registry what could not be stored.
  void take_back(const DeviceRow& row, const std::optional<DeviceRow>& old);
  void tokens_valid_from(const std::string& device_id, std::int64_t valid_from_ms);
  Reply<const Device*> managed(const Request& request) const;
  Reply<DeviceRow> new_row(const Request& request) const;
  std::optional<Error> too_many_registrations(const Principal& sender, const std::string& user_id);
  nlohmann::json entry(const Device& device) const;
  nlohmann::json whole_entry(const Device& device) const;  // with its metadata

  const Clock& clock_;
  DeviceRegistry& devices_;
  DeviceStore& store_;
  DeviceTokens tokens_;
  Events& events_;
  const Functions functions_;
  Options options_;
  UserRate registrations_;
  UserRate refreshes_;
};

}  // namespace strawberry::bridge
