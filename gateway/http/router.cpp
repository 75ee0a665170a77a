#include "gateway/http/router.h"

#include <algorithm>

namespace strawberry::gateway {
namespace {

std::string_view next_segment(std::string_view& path) {
  const std::size_t end = path.find('/', 1);
  const std::string_view segment = path.substr(1, end == std::string_view::npos ? end : end - 1);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  return segment;
}

bool fits(std::string_view pattern, std::string_view path, std::map<std::string, std::string>& places) {
  places.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (wanted.size() > 2 && wanted.front() == '{' && wanted.back() == '}') {
      if (given.empty()) return false;
      places.emplace(wanted.substr(1, wanted.size() - 2), given);
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

void Router::add(std::vector<Route> routes) {
  for (Route& route : routes) add(std::move(route));
}

Router::Found Router::find(Request& request) const {
  Found found;
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::map<std::string, std::string> places;
  const bool is_written_out = std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route.pattern == request.path && route.pattern.find('{') == std::string::npos;
  });
  for (const Route& route : routes_) {
    if (is_written_out ? route.pattern != request.path : !fits(route.pattern, request.path, places)) continue;
    found.errors = route.errors;
    if (route.method == method) {
      request.places = std::move(places);
      found.route = &route;
      return found;
    }
    if (std::find(found.allowed.begin(), found.allowed.end(), route.method) == found.allowed.end()) {
      found.allowed.push_back(route.method);
    }
  }
  return found;
}

}  // namespace strawberry::gateway
