/// Which web pages and host names may speak to the gateway: the page of another site, in a browser on this machine,
/// must not (DNS rebinding, cross-site requests). Programs send no `Origin`, and are not concerned.
///
/// Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/proxies.h"

namespace strawberry::gateway {

struct Origins {
  /// Allowed in `Host` beside addresses and `localhost`; in lower case, without port.
  std::set<std::string> hosts;
  /// Web pages allowed beside the gateway's own: `https://example.org`. Their scripts may read answers (CORS).
  std::set<std::string> origins;
  /// Reverse proxies whose `X-Forwarded-For` is believed.
  std::vector<Network> proxies;
  /// Whether the server's certificate is for a name; may be empty.
  std::function<bool(const std::string& name)> is_certified;
};

/// Whether a request with these headers may be answered.
bool may_ask(const Request& request, const Origins& origins);

/// `localhost`, an address, a configured name, or one of the certificate; with or without a port. A request must have
/// one Host.
bool is_host_allowed(std::string_view host, const Origins& origins);
/// The server's own (`http://` or `https://` and the request's Host), or a configured one.
bool is_origin_allowed(std::string_view origin, std::string_view host, const Origins& origins);

/// The headers that let the scripts of a configured page read an answer; none for all others. Never with credentials:
/// tokens are sent by the script itself.
Fields cors_fields(const Request& request, const Origins& origins);
/// The answer to a browser that asks before it sends such a page's request (CORS preflight). Nothing when `request` is
/// another, or the path has no `methods`.
std::optional<Response> preflight_answer(const Request& request, const std::vector<std::string>& methods,
                                         const Origins& origins);

}  // namespace strawberry::gateway
