/// Where the dashboard is: `/`, and `/app/…`, whose paths only its scripts tell apart; its files below `/assets/`. None
/// of them needs a token: they hold no data.
///
/// Threading: loop only.   Lifetime: the routes own the files.   Errors: 404 where no dashboard is installed.
#pragma once

#include <optional>
#include <vector>

#include "gateway/dashboard/files.h"
#include "gateway/http/router.h"

namespace strawberry::gateway::dashboard {

/// `files`: nothing when the dashboard is turned off or not installed; the routes say so.
std::vector<Route> routes(std::optional<Files> files);

}  // namespace strawberry::gateway::dashboard
