/// The tokens that the `devices` service hands out: what a token says, the line it continues, and its entry on the list
/// of tokens (Store::add_token()).
///
/// Threading: loop only.   Lifetime: `issuer` and `clock` outlive it.   Errors: `forbidden` when the line is too old;
/// `internal` when the hub cannot sign.   Bounds: Options.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "bridge/devices/token_issuer.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/token_row.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class DeviceTokens {
 public:
  struct Options {
    std::chrono::seconds lifetime = token_lifetime_default;
    /// From the first token of a line on; nothing made in it is good for longer. 0: any time.
    std::chrono::seconds line_max{0};
  };
  /// What is to be handed out, and what is to be put on the list before.
  struct Made {
    std::string text;
    Claims claims;
    NewToken listed;
  };

  DeviceTokens(const Clock& clock, TokenIssuer& issuer, Options options)
      : clock_(clock), issuer_(issuer), options_(options) {}

  /// A token of `holder` that is valid from `not_before` on. It continues the line of the token that asks when that is
  /// the holder's own.
  Reply<Made> make(const Request& request, const Principal& holder, const std::string& name, WallTime not_before) const;
  /// Dates the token from a later moment and signs it again, with the same jti, so that it is the one on the list.
  Reply<void> sign_from(Made& made, std::int64_t valid_from_ms) const;

 private:
  const Clock& clock_;
  TokenIssuer& issuer_;
  const Options options_;
};

}  // namespace strawberry::bridge
