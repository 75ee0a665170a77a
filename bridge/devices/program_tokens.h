/// Tokens that are exchanged for others: of login links, and of programs that a user has allowed to act
/// (docs/contract.md, section 7; decision 14).
///
/// `sign_in`: the one-time token of a login link for a user's token of sign_in_lifetime. `allow_program`: a user's
/// token for the first two of a new line, an access token and a renewal token. `renew_program`: a renewal token, once,
/// for the next two; used a second time it ends its line, since two have it. Both may name scopes: at most
/// program_scopes within the role of the user, and for the next two those that were allowed. `end_program`: a token of
/// a program's line ends it.
///
/// Every token goes onto the list (DeviceStore::add_token()) before its holder has it.
///
/// Publishes what it has done (device_events.h).
///
/// Threading: loop only.   Bounds: Options::exchanges_per_hour_max of one user, then `rate_limited`; how many tokens a
/// user may have the store knows.
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
    std::chrono::seconds stay_lifetime{7 * 24 * 60 * 60};   // of who says to stay signed in, as with a password
    std::chrono::seconds login_link_age_max{24 * 60 * 60};  // whatever its own `exp` says
    std::chrono::seconds access_lifetime{60 * 60};
    std::chrono::seconds renewal_lifetime = token_lifetime_default;
    std::chrono::seconds line_max{0};  // from a program's first token on; 0: any time
    std::int64_t exchanges_per_hour_max = 1'200;
  };

  ProgramTokens(const Clock& clock, DeviceStore& store, TokenIssuer& tokens, Events& events, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  using Outcome = Reply<nlohmann::json>;
  /// What is to be handed out, and what is to be put on the list before.
  struct Made {
    std::string text;
    WallTime expires_at;
    NewToken listed;
  };
  struct Pair {
    Made renewal;
    Made access;
    Scopes scopes;  // of the access token
  };

  Task<Outcome> sign_in(Request request);
  Task<Outcome> allow(Request request);
  Task<Outcome> renew(Request request);
  Task<Outcome> end(Request request);
  /// What every exchange needs: a token that asks, and not too often.
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
