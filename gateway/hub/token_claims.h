/// What a token says of itself. It proves nothing: the broker's plugin verifies it when the gateway connects with it.
///
/// Pure.   Bounds: token_bytes_max.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/contract/principal.h"
#include "common/contract/rights.h"
#include "common/text/clock.h"

namespace strawberry::gateway {

struct TokenClaims {
  Principal principal;
  WallTime expires_at{};
  Scopes scopes = Scopes::all();
  std::string line;  // `jti` of the first token of its line, which may be itself; empty when it has none
};

/// Nothing when it is no JWT, or names no principal.
std::optional<TokenClaims> read_token_claims(std::string_view token);

}  // namespace strawberry::gateway
