// The route that answers a request, and the checks of its Host and Origin. The input: a method and a target, separated
// by a space, then a line for each header, `name:value`.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>

#include "gateway/http/origin.h"
#include "gateway/http/router.h"
#include "tests/fuzz/require.h"

namespace {

using namespace strawberry::gateway;

const Router& router() {
  static const Router table = [] {
    Router routes;
    for (const auto& [method, pattern] :
         {std::pair("GET", "/things"), std::pair("POST", "/things"), std::pair("GET", "/things/me"),
          std::pair("POST", "/things/list"), std::pair("GET", "/things/{id}"), std::pair("DELETE", "/things/{id}"),
          std::pair("GET", "/things/{id}/parts/{part}"), std::pair("PATCH", "/{kind}/{id}")}) {
      routes.add({method, pattern, ErrorShape::hub, nullptr});
    }
    return routes;
  }();
  return table;
}

/// The pattern with the values of its places.
std::string filled(const std::string& pattern, const Request& request) {
  std::string path;
  std::size_t at = 0;
  for (std::size_t open = pattern.find('{'); open != std::string::npos; open = pattern.find('{', at)) {
    const std::size_t close = pattern.find('}', open);
    const std::string& value = request.places.at(pattern.substr(open + 1, close - open - 1));
    FUZZ_REQUIRE(!value.empty() && value.find('/') == std::string::npos);
    path += pattern.substr(at, open - at) + value;
    at = close + 1;
  }
  return path + pattern.substr(at);
}

void check_route(Request request) {
  const Router::Found found = router().find(request);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  bool is_written_out = false;
  for (const Route& route : router().routes()) {
    const bool has_places = route.pattern.find('{') != std::string::npos;
    is_written_out = is_written_out || (!has_places && route.pattern == request.path);
  }
  if (found.route != nullptr) {
    FUZZ_REQUIRE(found.route->method == method);
    FUZZ_REQUIRE(filled(found.route->pattern, request) == request.path);
    FUZZ_REQUIRE(!is_written_out || found.route->pattern == request.path);
    return;
  }
  FUZZ_REQUIRE(std::set<std::string>(found.allowed.begin(), found.allowed.end()).size() == found.allowed.size());
  FUZZ_REQUIRE(!is_written_out || !found.allowed.empty());
  for (const std::string& allowed : found.allowed) {
    FUZZ_REQUIRE(allowed != method);
    Request again = request;
    again.method = allowed;
    FUZZ_REQUIRE(router().find(again).route != nullptr);
  }
}

void check_origin(const Request& request) {
  static const Origins origins = [] {
    Origins configured;
    configured.hosts = {"hub.local"};
    configured.origins = {"https://dashboard.example"};
    return configured;
  }();
  if (!may_ask(request, origins)) return;
  std::string host(request.header("host"));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  // An allowed host is a configured name or an address, with a port of digits after it or none.
  if (!host.empty()) {
    const std::size_t bracket = host.rfind(']');
    const std::size_t colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
    const std::string name = host.substr(0, colon);
    const bool is_name = name == "localhost" || name == "hub.local";
    const bool is_address = name.find_first_not_of("0123456789.") == std::string::npos || name.front() == '[';
    FUZZ_REQUIRE(is_name || is_address);
    FUZZ_REQUIRE(colon == std::string::npos || host.find_first_not_of("0123456789", colon + 1) == std::string::npos);
  }
  std::string origin(request.header("origin"));
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  FUZZ_REQUIRE(origin.empty() || origin == "https://dashboard.example" || origin == "http://" + host ||
               origin == "https://" + host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
  std::string line;
  std::getline(input, line);
  Request request;
  const std::size_t space = std::min(line.find(' '), line.size());
  request.method = line.substr(0, space);
  if (!read_target(line.substr(std::min(space + 1, line.size())), request)) return 0;
  while (std::getline(input, line)) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  check_origin(request);
  check_route(std::move(request));
  return 0;
}
