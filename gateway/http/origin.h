/// Decides which web pages and host names may use the gateway: a foreign site's page in a browser on this machine may
/// not (DNS rebinding, cross-site requests). Programs send no `Origin` and are not affected.
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
  /// Allowed in `Host` in addition to addresses and `localhost`; in lower case, without port.
  std::set<std::string> hosts;
  /// Web pages allowed in addition to the gateway's own: `https://example.org`. Their scripts may read answers (CORS).
  std::set<std::string> origins;
  /// Reverse proxies whose `X-Forwarded-For` is trusted.
  std::vector<Network> proxies;
  /// Returns whether the server's certificate is valid for a name; may be empty.
  std::function<bool(const std::string& name)> is_certified;
};

/// Returns whether a request with these headers may be answered.
bool may_ask(const Request& request, const Origins& origins);

/// Allowed: `localhost`, an address, a configured name, or one of the certificate; with or without a port. A request
/// must have exactly one Host.
bool is_host_allowed(std::string_view host, const Origins& origins);
/// Allowed: the server's own origin (`http://` or `https://` and the request's Host), or a configured one.
bool is_origin_allowed(std::string_view origin, std::string_view host, const Origins& origins);

/// Returns the headers that let the scripts of a configured page read an answer; none for all others. Credentials are
/// never allowed: the script sends its token itself.
Fields cors_fields(const Request& request, const Origins& origins);
/// Returns the answer to a browser's CORS preflight. Nullopt when `request` is not a preflight, or the path has no
/// `methods`.
std::optional<Response> preflight_answer(const Request& request, const std::vector<std::string>& methods,
                                         const Origins& origins);

}  // namespace strawberry::gateway
