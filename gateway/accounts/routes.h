/// `POST /api/v1/users/login` and `/api/v1/users/link`, without a token, and the Python hub's `/api/users/login`.
///
/// Threading: built once.   Lifetime: the routes share what they need.
#pragma once

#include <memory>
#include <vector>

#include "gateway/accounts/login.h"
#include "gateway/http/router.h"

namespace strawberry::gateway {

std::vector<Route> account_routes(std::shared_ptr<Login> login);

}  // namespace strawberry::gateway
