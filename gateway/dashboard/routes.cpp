#include "gateway/dashboard/routes.h"

#include <memory>

#include "gateway/http/errors.h"
#include "gateway/http/exchange.h"

namespace strawberry::gateway::dashboard {
namespace {

Response refusal(const std::optional<Files>& files) {
  return gateway::response_of(
      problem(404, "not_found",
              files ? "there is no such file"
                    : "there is no dashboard here (web_directory in gateway.toml says where its files are)"),
      ErrorShape::hub);
}

Task<void> serve_index(Exchange& exchange, std::shared_ptr<const std::optional<Files>> files) {
  Response response = *files ? response_of(exchange.request, (*files)->index(), false) : refusal(*files);
  co_await exchange.reply(std::move(response));
}

Task<void> serve_asset(Exchange& exchange, std::shared_ptr<const std::optional<Files>> files) {
  const File* file = *files ? (*files)->asset(exchange.request.places.at("file")) : nullptr;
  Response response = file != nullptr ? response_of(exchange.request, *file, true) : refusal(*files);
  co_await exchange.reply(std::move(response));
}

}  // namespace

std::vector<Route> routes(std::optional<Files> files) {
  const auto shared = std::make_shared<const std::optional<Files>>(std::move(files));
  const Handler index = [shared](Exchange& exchange) { return serve_index(exchange, shared); };
  std::vector<Route> all;
  for (const char* pattern : {"/", "/app", "/app/{page}", "/app/{page}/{item}"}) {
    all.push_back({"GET", pattern, ErrorShape::hub, index});
  }
  all.push_back({"GET", "/assets/{file}", ErrorShape::hub,
                 [shared](Exchange& exchange) { return serve_asset(exchange, shared); }});
  return all;
}

}  // namespace strawberry::gateway::dashboard
