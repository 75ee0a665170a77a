/// `GET /openapi.json`, the OpenAPI document, and `GET /docs`, a page that shows it. Neither needs a token: they say
/// nothing that is not in this project's sources.
///
/// Threading: loop only.
#pragma once

#include <vector>

#include "gateway/http/router.h"

namespace strawberry::gateway {

std::vector<Route> openapi_routes();

}  // namespace strawberry::gateway
