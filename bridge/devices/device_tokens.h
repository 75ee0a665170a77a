/// Creates the tokens of the `devices` service: claims, line, and entry on the list of tokens
/// (DeviceStore::add_token()).
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
    /// The age of a line at which all of its tokens expire. 0: no limit.
    std::chrono::seconds line_max{0};
  };
  /// A token to hand out, and its entry, which must be stored first.
  struct Made {
    std::string text;
    Claims claims;
    NewToken listed;
  };

  DeviceTokens(const Clock& clock, TokenIssuer& issuer, Options options)
      : clock_(clock), issuer_(issuer), options_(options) {}

  /// Makes a token of `holder` that is valid from `not_before` on. It continues the line of the requesting token when
  /// that is the holder's own.
  Reply<Made> make(const Request& request, const Principal& holder, const std::string& name, WallTime not_before) const;
  /// Changes the token's issue time and signs it again with the same jti, which is on the list.
  Reply<void> sign_from(Made& made, std::int64_t valid_from_ms) const;

 private:
  const Clock& clock_;
  TokenIssuer& issuer_;
  const Options options_;
};

}  // namespace strawberry::bridge
