/// Exchanges tokens for others: those of login links, and of programs that a user allows to act (docs/contract.md,
/// section 7; decision 14).
///
/// `sign_in` exchanges the one-time token of a login link for a user's token of sign_in_lifetime. `allow_program`
/// exchanges a user's token for the first two of a new line, an access token and a renewal token. `renew_program`
/// exchanges a renewal token, once, for the next two; using it a second time ends its line, since it must have been
/// copied. Both may name scopes: at most program_scopes within the role of the user, and for the next two those that
/// were allowed. `end_program`: a token of a program's line ends the line.
///
/// Every token is put on the list (DeviceStore::add_token()) before its holder gets it.
///
/// Publishes the events of device_events.h.
///
/// Threading: loop only.   Bounds: Options::exchanges_per_hour_max of one user, then `rate_limited`; the store limits a
/// user's tokens.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "bridge/devices/device_events.h"
#include "bridge/devices/token_issuer.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/device_store.h"
#include "common/runtime/events.h"
#include "common/runtime/user_rate.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class ProgramTokens final : public RequestHandler {
 public:
  struct Options {
    std::chrono::seconds sign_in_lifetime{15 * 60};
    std::chrono::seconds stay_lifetime{7 * 24 * 60 * 60};   // for users who stay signed in, as with a password
    std::chrono::seconds login_link_age_max{24 * 60 * 60};  // regardless of its own `exp`
    std::chrono::seconds access_lifetime{60 * 60};
    std::chrono::seconds renewal_lifetime = token_lifetime_default;
    std::chrono::seconds line_max{0};  // age of a program's line at which its tokens expire; 0: no limit
    std::int64_t exchanges_per_hour_max = 1'200;
  };

  ProgramTokens(const Clock& clock, DeviceStore& store, TokenIssuer& tokens, Events& events, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  using Outcome = Reply<nlohmann::json>;
  /// A token to hand out, and its entry, which must be stored first.
  struct Made {
    std::string text;
    WallTime expires_at;
    NewToken listed;
  };
  struct Pair {
    Made renewal;
    Made access;
    Scopes scopes;  // scopes of the access token
  };

  Task<Outcome> sign_in(Request request);
  Task<Outcome> allow(Request request);
  Task<Outcome> renew(Request request);
  Task<Outcome> end(Request request);
  /// Checks what every exchange needs: a requesting token, and the rate.
  std::optional<Error> objection_to(const Request& request);
  void publish(TokensExchanged::Exchange exchange, const Request& request, std::string line = {});
  Claims claims_for(Principal holder, std::chrono::seconds lifetime) const;
  Reply<Made> make(const Request& request, const Claims& claims);
  Reply<Pair> make_pair(const Request& request);
  static nlohmann::json shown(const Pair& pair);

  const Clock& clock_;
  DeviceStore& store_;
  TokenIssuer& tokens_;
  Events& events_;
  Options options_;
  UserRate exchanges_;
};

}  // namespace strawberry::bridge
