/// Backups of users over HTTP: download and upload of their files, and the routes that clients of the Python hub use
/// (`/api/hub/backups…`, answers of `{success, message, …}`). Creating, listing, restoring and deleting below
/// `/api/v1/backups` are rows of resources.h. The hub checks that a backup belongs to the user, or that an admin asks.
/// Threading: loop only.   Errors: {"error":…} below /api/v1; {"success":false,"message","code"} below /api/hub.
/// Bounds: an upload's body has the limit of every request; a larger file needs several uploads.
#pragma once

#include <vector>

#include "gateway/http/router.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

std::vector<Route> backup_routes(asio::io_context& loop, Links& links);

}  // namespace strawberry::gateway
