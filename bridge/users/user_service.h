/// The `users` service (docs/contract.md, section 12): accounts, passwords, and the admins' operations on them. Tokens
/// that people issue are in token_service.h.
///
/// Passwords are hashed and compared on another thread (ports/passwords.h). A failed login does not show the reason,
/// and takes the same time for a user who is unknown, disabled or without a password.
///
/// Publishes the events of user_events.h.
///
/// Threading: loop only.   Lifetime: what the constructor is given outlives it.
/// Bounds: UserDirectory::users_max, then `busy`; LoginLimiter's, then `rate_limited`; LoginTurns', then `busy`;
/// logins_max of a user's logins that are good, of which the oldest end.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/devices/device_registry.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/passwords.h"
#include "bridge/ports/user_store.h"
#include "bridge/users/limit_change.h"
#include "bridge/users/login_limiter.h"
#include "bridge/users/login_turns.h"
#include "bridge/users/user_directory.h"
#include "bridge/users/user_events.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

class UserService final : public RequestHandler {
 public:
  struct Options {
    std::chrono::seconds login_lifetime{7 * 24 * 60 * 60};
    std::chrono::seconds short_login_lifetime{15 * 60};  // of one that is not to stay
    std::size_t logins_max = 50;
    std::size_t list_max = 1'000;
    LoginLimiter::Options logins{};
    LoginTurns::Options turns{};
  };
  /// Functions and objects of other parts of the bridge that the service needs.
  struct Parts {
    UserStore& store;
    DeviceStore& device_store;
    DeviceRegistry& devices;
    UserDirectory& users;
    Passwords& passwords;
    TokenIssuer& tokens;
    Events& events;
    /// Returns when the broker's plugin knows of the changes to these users, devices and tokens.
    std::function<Task<void>(std::vector<std::string> ids)> tell_plugin;
    /// Stores and applies the limits of one user (quota_service.h).
    std::function<Task<Reply<void>>(std::string user_id, LimitChange change)> set_limits;
  };

  UserService(const Clock& clock, Parts parts, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

  /// True for a user that has an account or was seen; the hub's own principals are no users.
  bool is_known(const std::string& user_id) const;

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> login(Request request);
  Outcome me(const Request& request) const;
  Task<Outcome> set_password(Request request);
  Task<Reply<void>> end_logins(TokenChoice which, std::string actor);
  Task<Outcome> create(Request request);
  Task<Outcome> create_first_admin(Request request);
  Task<Outcome> list(Request request);
  Outcome get(const Request& request) const;
  Task<Outcome> update(Request request);
  Task<Outcome> remove(Request request);

  Task<Reply<UserRow>> new_user(Request request, Role role);
  Task<void> tell(std::vector<std::string> ids);
  /// A token of the user's own that it has signed in with, and what is put on the list.
  Reply<std::pair<nlohmann::json, NewToken>> login_token(const std::string& user_id, const Request& request,
                                                         bool stays = true) const;
  nlohmann::json entry(const std::string& user_id) const;
  void announce_standing(const std::string& user_id, const UserStanding& before, const UserStanding& now);
  void publish(UserChanged::Change change, const std::string& user_id, const Request& request);

  const Clock& clock_;
  const Parts parts_;
  const Options options_;
  LoginLimiter logins_;
  LoginTurns turns_;
};

}  // namespace strawberry::bridge
