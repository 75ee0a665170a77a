/// The answer to a request without a good token.
///
/// Pure.
#pragma once

#include <functional>

#include "gateway/http/errors.h"
#include "gateway/http/message.h"

namespace strawberry::gateway::mcp {

/// Says in an answer of 401, or of 403 to a token that lacks a scope, where one may be had that is good.
using Challenge = std::function<void(Response&, const Request&)>;

/// 401 and 403 with `WWW-Authenticate: Bearer`, to which `challenge` may add; what else keeps a request from the hub
/// (429, 503) as everywhere.
inline Response refused_entry(const Problem& problem, const Request& request, const Challenge& challenge) {
  Response response = response_of(problem, ErrorShape::hub);
  if ((response.status == 401 || !missing_scope(problem).empty()) && challenge) challenge(response, request);
  return response;
}

}  // namespace strawberry::gateway::mcp
