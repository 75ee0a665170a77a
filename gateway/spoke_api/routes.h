/// The HTTP routes of the Python hub's Spoke API, so that its Spokes connect unchanged; docs/http.md lists them.
///
/// Threading: loop only.   Errors: {"detail"}. Requests that may have run never get a status that the clients repeat
/// (from 500 on).
#pragma once

#include <memory>
#include <vector>

#include "gateway/http/router.h"
#include "gateway/hub/device_tokens.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway::spoke_api {

std::vector<Route> routes(asio::io_context& loop, Links& links, DeviceTokens& tokens, const Handler& openai_chat);

}  // namespace strawberry::gateway::spoke_api
