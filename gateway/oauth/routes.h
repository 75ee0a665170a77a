/// OAuth 2.1 at the web door: the routes, and what they share (docs/oauth.md, decision 14).
///
/// Threading: loop only.   Lifetime: the routes keep what they need.
#pragma once

#include <memory>
#include <vector>

#include "bridge/ports/http.h"
#include "gateway/accounts/login.h"
#include "gateway/http/public_url.h"
#include "gateway/http/router.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway::oauth {

/// `http`: fetches the documents of clients; null: there are none of those. It outlives the routes.
std::vector<Route> routes(asio::io_context& loop, const Clock& clock, Links& links, PublicUrl url,
                          std::shared_ptr<Login> login, bridge::HttpClient* http);

}  // namespace strawberry::gateway::oauth
