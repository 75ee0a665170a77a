#include "gateway/http/origin.h"

#include <algorithm>

#include "bridge/core/asio.h"

namespace strawberry::gateway {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// Without the port, and without the brackets of an IPv6 address.
std::string name_of(std::string_view host) {
  if (!host.empty() && host.front() == '[') return std::string(host.substr(1, host.find(']') - 1));
  return lower(host.substr(0, host.find(':')));
}

}  // namespace

bool is_host_allowed(std::string_view host, const Origins& origins) {
  const std::string name = name_of(host);
  if (name.empty()) return false;
  boost::system::error_code no_address;
  asio::ip::make_address(name, no_address);
  // An address cannot be rebound: only names can.
  return !no_address || name == "localhost" || origins.hosts.contains(name);
}

bool is_origin_allowed(std::string_view origin, std::string_view host, const Origins& origins) {
  const std::string from = lower(origin);
  const std::string own = lower(host);
  return from == "http://" + own || from == "https://" + own || origins.origins.contains(from);
}

bool may_ask(const Request& request, const Origins& origins) {
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers) hosts += name == "host" ? 1 : 0;
  const std::string_view host = request.header("host");
  if (hosts > 1 || (hosts == 1 && !is_host_allowed(host, origins))) return false;
  const std::string_view origin = request.header("origin");
  return origin.empty() || is_origin_allowed(origin, host, origins);
}

}  // namespace strawberry::gateway
