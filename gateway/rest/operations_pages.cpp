#include "gateway/rest/operations_pages.h"

#include "gateway/http/json.h"
#include "gateway/http/proxies.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds retained_timeout{3};

class Pages {
 public:
  Pages(Links& links, const Server& server) : links_(links), server_(server) {}

  Task<void> health(Exchange& exchange) const {
    const json healthy{{"status", "healthy"}};
    Response response = json_response(healthy);
    co_await exchange.reply(std::move(response));
  }

  /// For a Prometheus on this machine: they say nothing of anybody, but how much is going on.
  Task<void> metrics(Exchange& exchange) const {
    if (!is_loopback(exchange.request.peer)) {
      Response refused = response_of(problem(403, "forbidden", "only for this machine"), ErrorShape::hub);
      co_await exchange.reply(std::move(refused));
      co_return;
    }
    const auto http = server_.counters();
    const auto hub = links_.counters();
    std::string text;
    const auto add = [&](const char* name, const char* kind, const char* help, std::uint64_t value) {
      text += "# HELP strawberry_gateway_" + std::string(name) + " " + help + "\n# TYPE strawberry_gateway_" + name +
              " " + kind + "\nstrawberry_gateway_" + name + " " + std::to_string(value) + "\n";
    };
    add("connections", "gauge", "Open HTTP connections.", http.open);
    add("connections_total", "counter", "HTTP connections accepted.", http.connections);
    add("connections_refused_total", "counter", "HTTP connections beyond the limit.", http.refused_connections);
    add("requests_total", "counter", "HTTP requests read.", http.requests);
    add("hub_connections", "gauge", "MQTT connections to the hub, one for each token in use.", hub.open);
    add("hub_connections_total", "counter", "MQTT connections begun.", hub.opened);
    add("tokens_refused_total", "counter", "Tokens that the hub refused.", hub.refused);
    add("tokens_limited_total", "counter", "Requests turned away for too many refused tokens.", hub.limited);
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = std::move(text);
    co_await exchange.reply(std::move(response));
  }

  /// To OpenAI's clients the models in it.
  Task<void> hub_topic(Exchange& exchange, std::string topic, ErrorShape shape) const {
    const tl::expected<json, Problem> said = co_await retained(exchange.request, std::move(topic));
    Outcome outcome = tl::unexpected(said ? Problem() : said.error());
    if (said) outcome = shape == ErrorShape::openai ? models(exchange.request, *said) : json_response(*said);
    Response response = response_of(outcome, shape);
    co_await exchange.reply(std::move(response));
  }

 private:
  /// What the hub keeps on the topic, read with the request's own token.
  Task<tl::expected<json, Problem>> retained(const Request& request, std::string topic) const {
    const Links::Found link = co_await links_.of(request);
    if (!link) co_return tl::unexpected(link.error());
    if ((*link)->principal().type == PrincipalType::enroll) {
      co_return tl::unexpected(problem(403, "forbidden", "an enroll token is good for registering a device alone"));
    }
    const SteadyTime deadline = std::chrono::steady_clock::now() + retained_timeout;
    const auto said = co_await (*link)->retained(std::move(topic), deadline);
    json payload = said ? json::parse(*said, nullptr, false) : json();
    if (!payload.is_object()) co_return tl::unexpected(problem(503, "unavailable", "the hub is not running"));
    co_return payload;
  }

  /// Providers, as a request's `model` may name them.
  static Outcome models(const Request& request, const json& health) {
    json list = json::array();
    for (const json& provider : health.value("providers", json::array())) {
      const json name = provider.is_object() ? provider.value("name", json()) : json();
      if (!name.is_string()) continue;
      list.push_back({{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "strawberry-hub"}});
    }
    const auto wanted = request.places.find("model");
    if (wanted == request.places.end()) return json_response({{"object", "list"}, {"data", std::move(list)}});
    for (const json& model : list) {
      if (model.at("id") == wanted->second) return json_response(model);
    }
    return tl::unexpected(problem(404, "not_found", "there is no such model", "/model"));
  }

  Links& links_;
  const Server& server_;
};

}  // namespace

std::vector<Route> operations_routes(Links& links, const Server& server) {
  const auto pages = std::make_shared<Pages>(links, server);
  const auto topic = [pages](std::string name, ErrorShape shape) -> Handler {
    return [=](Exchange& exchange) { return pages->hub_topic(exchange, name, shape); };
  };
  std::vector<Route> routes;
  routes.push_back(
      {"GET", "/health", ErrorShape::hub, [pages](Exchange& exchange) { return pages->health(exchange); }});
  routes.push_back(
      {"GET", "/metrics", ErrorShape::hub, [pages](Exchange& exchange) { return pages->metrics(exchange); }});
  routes.push_back({"GET", "/api/v1/system/health", ErrorShape::hub, topic("hub/health", ErrorShape::hub)});
  routes.push_back({"GET", "/api/v1/system/info", ErrorShape::hub, topic("hub/info", ErrorShape::hub)});
  for (const char* prefix : {"/v1", "/api/v1"}) {
    const std::string models = std::string(prefix) + "/models";
    routes.push_back({"GET", models, ErrorShape::openai, topic("hub/health", ErrorShape::openai)});
    routes.push_back({"GET", models + "/{model}", ErrorShape::openai, topic("hub/health", ErrorShape::openai)});
  }
  return routes;
}

}  // namespace strawberry::gateway
