/// Pages for operators and load balancers: `/health`, `/metrics`, `/api/v1/system/health`, `/api/v1/system/info`,
/// `/api/v1/hub/…`; and `GET /v1/models`, which is made from the hub's health.
///
/// Threading: loop only.
#pragma once

#include <vector>

#include "gateway/http/router.h"
#include "gateway/http/traffic.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

std::vector<Route> operations_routes(Links& links, const TrafficCounter& traffic);

}  // namespace strawberry::gateway
