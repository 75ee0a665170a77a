/// Backups of users over HTTP: their files up and down, and the routes that other hubs' clients know
/// (`/api/hub/backups…`, answers of `{success, message, …}`). Making, listing, restoring and deleting below
/// `/api/v1/backups` are rows of resources.h. The hub checks whose a backup is: a user's own, or an admin asks.
///
/// Threading: loop only.   Errors: {"error":…} below /api/v1; {"success":false,"message","code"} below /api/hub.
/// Bounds: an upload's body is bounded as every request's; a larger file comes in several uploads.
#pragma once

#include <vector>

#include "gateway/http/router.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

std::vector<Route> backup_routes(asio::io_context& loop, Links& links);

}  // namespace strawberry::gateway
