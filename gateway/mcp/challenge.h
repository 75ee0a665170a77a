/// The answer to a request whose token is missing, refused or too limited.
///
/// Pure.
#pragma once

#include <functional>

#include "gateway/http/errors.h"
#include "gateway/http/message.h"

namespace strawberry::gateway::mcp {

/// Adds to an answer of 401, or of 403 to a token that lacks a scope, where the client can get a valid token.
using Challenge = std::function<void(Response&, const Request&)>;

/// 401 and 403 have `WWW-Authenticate: Bearer`, to which `challenge` may add; the other errors (429, 503) are as
/// everywhere.
inline Response refused_entry(const Problem& problem, const Request& request, const Challenge& challenge) {
  Response response = response_of(problem, ErrorShape::hub);
  if ((response.status == 401 || !missing_scope(problem).empty()) && challenge) challenge(response, request);
  return response;
}

}  // namespace strawberry::gateway::mcp
