/// The answer to a request without a good token.
///
/// Pure.
#pragma once

#include "gateway/http/errors.h"

namespace strawberry::gateway::mcp {

/// 401 with `WWW-Authenticate: Bearer`; what else keeps a request from the hub (429, 503) as everywhere.
inline Response refused_entry(const Problem& problem) { return response_of(problem, ErrorShape::hub); }

}  // namespace strawberry::gateway::mcp
