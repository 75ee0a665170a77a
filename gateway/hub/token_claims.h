/// Reads a token's claims without verifying them: the broker's plugin does that when the gateway connects with it.
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
  std::string line;  // `jti` of the first token of its line, possibly its own; empty when it has none
};

/// Returns nullopt for text that is not a JWT, or that names no principal.
std::optional<TokenClaims> read_token_claims(std::string_view token);

}  // namespace strawberry::gateway
