#include "gateway/http/origin.h"

#include <algorithm>

namespace strawberry::gateway {
namespace {

constexpr int preflight_max_age_s = 600;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool is_configured(const Request& request, const Origins& origins) {
  return origins.origins.contains(lower(request.header("origin")));
}

/// Returns the host without port and without the brackets of IPv6. Empty if it is malformed.
std::string name_of(std::string_view host) {
  const bool has_brackets = !host.empty() && host.front() == '[';
  const std::size_t end = has_brackets ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == std::string_view::npos) return {};
  const std::string_view port = host.substr(end + (has_brackets ? 1 : 0));
  const bool is_port = port.empty() || (port.front() == ':' && port.find_first_not_of("0123456789", 1) == port.npos);
  if (!is_port) return {};
  return lower(has_brackets ? host.substr(1, end - 1) : host.substr(0, end));
}

}  // namespace

bool is_host_allowed(std::string_view host, const Origins& origins) {
  const std::string name = name_of(host);
  if (name.empty()) return false;
  // An address cannot be rebound, only a name can.
  return is_address(name) || name == "localhost" || origins.hosts.contains(name) ||
         (origins.is_certified && origins.is_certified(name));
}

bool is_origin_allowed(std::string_view origin, std::string_view host, const Origins& origins) {
  const std::string from = lower(origin);
  const std::string own = lower(host);
  return from == "http://" + own || from == "https://" + own || origins.origins.contains(from);
}

bool may_ask(const Request& request, const Origins& origins) {
  std::size_t hosts = 0;
  std::size_t pages = 0;
  for (const auto& [name, value] : request.headers) {
    hosts += name == "host" ? 1 : 0;
    pages += name == "origin" ? 1 : 0;
  }
  const std::string_view host = request.header("host");
  if (hosts > 1 || pages > 1 || (hosts == 1 && !is_host_allowed(host, origins))) return false;
  const std::string_view origin = request.header("origin");
  return origin.empty() || is_origin_allowed(origin, host, origins);
}

Fields cors_fields(const Request& request, const Origins& origins) {
  Fields fields;
  if (origins.origins.empty()) return fields;
  fields.emplace_back("Vary", "Origin");
  if (!is_configured(request, origins)) return fields;
  fields.emplace_back("Access-Control-Allow-Origin", std::string(request.header("origin")));
  fields.emplace_back("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate");
  return fields;
}

std::optional<Response> preflight_answer(const Request& request, const std::vector<std::string>& methods,
                                         const Origins& origins) {
  const bool is_preflight = request.method == "OPTIONS" && !request.header("access-control-request-method").empty();
  if (!is_preflight || methods.empty() || !is_configured(request, origins)) return std::nullopt;
  Response response;
  response.status = 204;
  std::string allowed;
  for (const std::string& method : methods) allowed += (allowed.empty() ? "" : ", ") + method;
  response.headers.emplace_back("Access-Control-Allow-Methods", std::move(allowed));
  // SDKs add headers of their own; no header gives a page more than it gives to any program, so all are allowed.
  if (const auto wanted = request.header("access-control-request-headers"); !wanted.empty())
    response.headers.emplace_back("Access-Control-Allow-Headers", std::string(wanted));
  response.headers.emplace_back("Access-Control-Max-Age", std::to_string(preflight_max_age_s));
  return response;
}

}  // namespace strawberry::gateway
