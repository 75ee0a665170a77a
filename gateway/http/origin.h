/// Which web pages and host names may speak to the gateway: a page of somebody else's, in the browser of somebody who
/// is on this machine, must not (DNS rebinding, cross-site requests). Programs send no `Origin`, and are not concerned.
///
/// Pure.
#pragma once

#include <string_view>

#include "gateway/http/server.h"

namespace strawberry::gateway {

/// `localhost`, an address, or a configured name; with or without a port. A request must have one Host.
bool is_host_allowed(std::string_view host, const Origins& origins);
/// The server's own (`http://` or `https://` and the request's Host), or a configured one.
bool is_origin_allowed(std::string_view origin, std::string_view host, const Origins& origins);

}  // namespace strawberry::gateway
