#include "gateway/rest/operations_pages.h"

#include <algorithm>

#include "common/text/clock.h"
#include "common/text/json_text.h"
#include "gateway/http/json.h"
#include "gateway/http/proxies.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds retained_timeout{3};

// Each function converts the hub's retained message into a page.

Outcome as_it_is(const Request& /*request*/, const json& said) { return json_response(said); }

/// Lists the providers, as a request's `model` may name them.
Outcome models(const Request& request, const json& health) {
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

/// The form in which event reporters expect a hub: its description, and since when it runs.
Outcome hub_info(const Request& /*request*/, const json& info) {
  const WallTime now = SystemClock().wall_now();
  const auto started = parse_rfc3339(text_member(info, "started_at"));
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - started.value_or(now));
  return json_response({{"name", "Strawberry Hub"},
                        {"env", "production"},
                        {"version", member(info, "version")},
                        {"uptime_seconds", std::max<std::int64_t>(uptime.count(), 0)},
                        {"time", format_rfc3339(now)}});
}

Outcome heartbeat(const Request& /*request*/, const json& /*state*/) {
  return json_response({{"ok", true}, {"at", format_rfc3339(SystemClock().wall_now())}});
}

class Pages {
 public:
  Pages(Links& links, const TrafficCounter& traffic) : links_(links), traffic_(traffic) {}

  Task<void> health(Exchange& exchange) const {
    const json healthy{{"status", "healthy"}};
    Response response = json_response(healthy);
    co_await exchange.reply(std::move(response));
  }

  /// Only for a Prometheus on this machine: the figures have no personal data, but show how much is used.
  Task<void> metrics(Exchange& exchange) const {
    if (!is_loopback(exchange.request.peer)) {
      Response refused = response_of(problem(403, "forbidden", "only for this machine"), ErrorShape::hub);
      co_await exchange.reply(std::move(refused));
      co_return;
    }
    const auto http = traffic_.counters();
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

  /// Converts the hub's retained message into a page.
  using Show = Outcome (*)(const Request& request, const json& said);
  Task<void> hub_topic(Exchange& exchange, std::string topic, ErrorShape errors, Show show) const {
    const tl::expected<json, Problem> said = co_await retained(exchange.request, std::move(topic));
    Outcome outcome = tl::unexpected(said ? Problem() : said.error());
    if (said) outcome = show(exchange.request, *said);
    Response response = response_of(outcome, errors);
    co_await exchange.reply(std::move(response));
  }

 private:
  /// Reads the hub's retained message on the topic, with the request's own token.
  Task<tl::expected<json, Problem>> retained(const Request& request, std::string topic) const {
    const Links::Found link = co_await links_.of(request);
    if (!link) co_return tl::unexpected(link.error());
    if (is_one_time((*link)->principal().type)) {
      co_return tl::unexpected(problem(403, "forbidden", "a one-time token is good for one thing alone"));
    }
    const SteadyTime deadline = std::chrono::steady_clock::now() + retained_timeout;
    const auto said = co_await (*link)->retained(std::move(topic), deadline);
    json payload = said ? json_from(*said) : json();
    // The retained message of a hub that is offline is out of date.
    if (!payload.is_object() || (*link)->is_hub_offline())
      co_return tl::unexpected(problem(503, "unavailable", "the hub is not running"));
    co_return payload;
  }

  Links& links_;
  const TrafficCounter& traffic_;
};

}  // namespace

std::vector<Route> operations_routes(Links& links, const TrafficCounter& traffic) {
  const auto pages = std::make_shared<Pages>(links, traffic);
  std::vector<Route> routes;
  routes.push_back(
      {"GET", "/health", ErrorShape::hub, [pages](Exchange& exchange) { return pages->health(exchange); }});
  routes.push_back(
      {"GET", "/metrics", ErrorShape::hub, [pages](Exchange& exchange) { return pages->metrics(exchange); }});
  const auto add = [&](std::string path, std::string topic, ErrorShape errors, Pages::Show show) {
    routes.push_back(
        {"GET", std::move(path), errors, [pages, topic = std::move(topic), errors, show](Exchange& exchange) {
           return pages->hub_topic(exchange, topic, errors, show);
         }});
  };
  add("/api/v1/system/health", "hub/health", ErrorShape::hub, as_it_is);
  add("/api/v1/system/info", "hub/info", ErrorShape::hub, as_it_is);
  add("/api/v1/hub/info", "hub/info", ErrorShape::hub, hub_info);
  add("/api/v1/hub/heartbeat", "hub/health", ErrorShape::hub, heartbeat);
  for (const char* prefix : {"/v1", "/api/v1"}) {
    const std::string path = std::string(prefix) + "/models";
    add(path, "hub/health", ErrorShape::openai, models);
    add(path + "/{model}", "hub/health", ErrorShape::openai, models);
  }
  return routes;
}

}  // namespace strawberry::gateway
