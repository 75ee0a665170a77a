/// The `devices` service: who may add, see, rename, revoke and delete devices, and the tokens they get
/// (docs/contract.md, section 7).
///
/// Tokens of programs and login links: program_tokens.h.
///
/// A device is managed by its user, by the user's other devices and by admins. Whatever belongs to somebody else is
/// `not_found`.
///
/// Every token goes onto the list (Store::add_token()) before its holder has it, with the one that asked for it. One
/// that a holder gets in exchange for its own continues that one's line: it dies with it, and ends when the line is too
/// old.
///
/// Threading: loop only.   Bounds: Options::devices_max, then `busy`; registrations_per_hour_max and
/// refreshes_per_hour_max of one user, then `rate_limited`; an admin has no such rate. How many devices and tokens a
/// user may have the store knows (quota_exceeded).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/devices/program_tokens.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/pipeline/service.h"
#include "common/runtime/user_rate.h"

namespace strawberry {

class DeviceService final : public RequestHandler {
 public:
  struct Options {
    std::size_t devices_max = 100'000;
    std::int64_t registrations_per_hour_max = 0;  // of one user; 0: any number
    std::int64_t refreshes_per_hour_max = 1'200;  // likewise: each is a write
    std::chrono::seconds token_lifetime = token_lifetime_default;
    /// From the first token of a line on; nothing made in it is good for longer. 0: any time.
    std::chrono::seconds token_line_max{0};
    ProgramTokens::Options programs = {};
  };
  /// What other parts of the bridge know or do about a device.
  struct Neighbours {
    std::function<std::size_t(const std::string& device_id)> skill_count;
    std::function<void(const std::string& device_id)> device_gone;  // revoked or deleted: end what waits for it
    std::function<void(const std::string& device_id)> device_deleted;
    /// Registered, renamed, revoked or deleted, and stored: returns when the broker's plugin knows. `ids` are the
    /// device's and, when one was spent, the one-time token's.
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
    std::function<void(const std::string& device_id)> changed;  // the same, when the plugin knows
    /// For a moment it was so; it could not be stored.
    std::function<void(const DeviceRow& row)> taken_back;
    std::function<void(const std::string& actor, const std::string& act, const std::string& device_id)> audit;
  };

  DeviceService(const Clock& clock, DeviceRegistry& devices, Store& store, TokenIssuer& tokens, Neighbours neighbours,
                Options options);

  Service service() const override { return Service::devices; }
  Task<Reply<nlohmann::json>> handle(Request request) override;
  std::chrono::milliseconds default_timeout(const std::string& op) const override;

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

  Task<void> tell_plugin(const std::string& device_id) const;
  /// Undoes in the registry what could not be stored.
  void take_back(const DeviceRow& row, const std::optional<DeviceRow>& old);
  void tokens_valid_from(const std::string& device_id, std::int64_t valid_from_ms);
  Reply<const Device*> managed(const Request& request) const;
  Reply<DeviceRow> new_row(const Request& request) const;
  std::optional<Error> too_many_registrations(const Principal& sender, const std::string& user_id);
  Reply<std::string> owner_of_new(const Request& request) const;
  nlohmann::json entry(const Device& device) const;
  /// What is to be handed out, and what is to be put on the list before.
  struct Made {
    std::string text;
    Claims claims;
    NewToken listed;
  };
  Reply<Made> make_token(const Request& request, const Principal& holder, const std::string& name,
                         WallTime not_before) const;
  Reply<void> sign_from(Made& made, std::int64_t valid_from_ms) const;

  const Clock& clock_;
  DeviceRegistry& devices_;
  Store& store_;
  TokenIssuer& tokens_;
  Neighbours neighbours_;
  Options options_;
  UserRate registrations_;
  UserRate refreshes_;
  ProgramTokens programs_;
};

}  // namespace strawberry
