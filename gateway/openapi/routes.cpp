#include "gateway/openapi/routes.h"

#include <stdexcept>

#include "gateway/openapi/embedded_pages.h"

namespace strawberry::gateway {
namespace {

struct ServedPage {
  const char* path;
  const char* name;
  const char* content_type;
};
constexpr ServedPage served_pages[] = {
    {"/openapi.json", "openapi.json", "application/json"},
    {"/docs", "index.html", "text/html; charset=utf-8"},
    {"/docs/app.js", "app.js", "text/javascript; charset=utf-8"},
    {"/docs/app.css", "app.css", "text/css; charset=utf-8"},
};

/// Allows no foreign and no inline resources, and no other page may frame this one.
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

std::string_view page_bytes(std::string_view name) {
  for (const EmbeddedPage& page : embedded_pages()) {
    if (page.name == name) return page.bytes;
  }
  throw std::logic_error("the program was built without " + std::string(name));
}

Task<void> serve_page(Exchange& exchange, const ServedPage& page) {
  Response response;
  response.content_type = page.content_type;
  response.headers.emplace_back("Content-Security-Policy", content_security_policy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.body = page_bytes(page.name);
  co_await exchange.reply(std::move(response));
}

}  // namespace

std::vector<Route> openapi_routes() {
  std::vector<Route> routes;
  for (const ServedPage& page : served_pages) {
    page_bytes(page.name);
    routes.push_back(
        {"GET", page.path, ErrorShape::hub, [&page](Exchange& exchange) { return serve_page(exchange, page); }});
  }
  return routes;
}

}  // namespace strawberry::gateway
