/// `GET /openapi.json`, the OpenAPI document, and `GET /docs`, a page that shows it. Neither needs a token: both
/// contain only what is in this project's sources.
///
/// Threading: loop only.
#pragma once

#include <vector>

#include "gateway/http/router.h"

namespace strawberry::gateway {

std::vector<Route> openapi_routes();

}  // namespace strawberry::gateway
