// Prints the web door's document and routes as JSON, for the tests of its OpenAPI document.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/gateway.h"
#include "gateway/openapi/embedded_pages.h"

int main() {
  using namespace strawberry::gateway;
  using nlohmann::json;
  json facts{{"routes", json::array()}, {"pages", json::object()}};
  for (const auto& page : embedded_pages()) facts["pages"][std::string(page.name)] = std::string(page.bytes);
  strawberry::asio::io_context loop(1);
  const Gateway gateway(loop, GatewayConfig(), nullptr);
  for (const Route& route : gateway.router().routes()) {
    const char* shape = route.errors == ErrorShape::hub      ? "hub"
                        : route.errors == ErrorShape::openai ? "openai"
                                                             : "spoke";
    facts["routes"].push_back({{"method", route.method}, {"pattern", route.pattern}, {"errors", shape}});
  }
  std::puts(facts.dump().c_str());
}
