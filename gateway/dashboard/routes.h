/// The routes of the dashboard: `/`, `/app/…`, whose paths only its scripts distinguish, and its files below
/// `/assets/`. They need no token, since they hold no data.
///
/// Threading: loop only.   Lifetime: the routes own the files.   Errors: 404 when no dashboard is installed.
#pragma once

#include <optional>
#include <vector>

#include "gateway/dashboard/files.h"
#include "gateway/http/router.h"

namespace strawberry::gateway::dashboard {

/// `files`: nullopt when the dashboard is turned off or not installed; the routes then answer with that.
std::vector<Route> routes(std::optional<Files> files);

}  // namespace strawberry::gateway::dashboard
