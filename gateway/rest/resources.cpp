#include "gateway/rest/resources.h"

#include "gateway/http/request_body.h"
#include "gateway/http/sse.h"
#include "gateway/hub/asking.h"
#include "gateway/hub/chat_turn.h"
#include "gateway/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;
using Body = tl::expected<json, Problem>;

/// The operation's request: the body, what stands in the path, what stands in the query.
Body request_of(const Request& request, const ResourceRow& row) {
  auto body = read_json_object(request);
  if (!body) return body;
  for (const auto& [name, value] : request.places) (*body)[name] = value;
  for (const std::string& name : row.text_parameters) {
    if (auto value = request.parameter(name)) (*body)[name] = std::move(*value);
  }
  for (const std::string& name : row.number_parameters) {
    if (auto wrong = add_number(request, name, *body)) return tl::unexpected(std::move(*wrong));
  }
  if (auto wrong = name_request(request, *body)) return tl::unexpected(std::move(*wrong));
  (*body)["op"] = row.op;
  return body;
}

/// Of `POST /api/v1/{service}/{op}`.
Body generic_request(const Request& request) {
  auto body = read_json_object(request);
  if (!body) return body;
  if (auto wrong = name_request(request, *body)) return tl::unexpected(std::move(*wrong));
  (*body)["op"] = request.places.at("op");
  return body;
}

/// The hub's own events, and its reply as the last one. Whole: what a skill asks first is refused, since its client
/// sees no question.
class HubEventsWriter : public ChatWriter {
 public:
  explicit HubEventsWriter(bool is_streamed)
      : ChatWriter({.is_streamed = is_streamed, .opening = Opening::at_once, .has_questions = is_streamed}) {}

  std::string event(const std::string& /*name*/, const json& message) override { return sse(message); }
  std::string end(const json& reply) override { return sse(reply); }
  std::string failure(const Problem& why, const json& reply) override {
    return sse(reply.is_null() ? body_of(why, ErrorShape::hub) : reply);
  }
};

/// What both kinds of routes do once they know the operation.
class Operations {
 public:
  Operations(asio::io_context& loop, Links& links) : loop_(loop), links_(links) {}

  Task<void> serve(Exchange& exchange, const ResourceRow& row) const {
    Links::Found link = co_await links_.of(exchange.request);
    Body body = link ? request_of(exchange.request, row) : tl::unexpected(link.error());
    co_await run(exchange, std::move(link), row.service, std::move(body), row.status);
  }

  Task<void> generic(Exchange& exchange) const {
    const auto service = parse_service(exchange.request.places.at("service"));
    const std::string& op = exchange.request.places.at("op");
    Links::Found link = co_await links_.of(exchange.request);
    if (!link || !service) {
      const Problem why = link ? problem(404, "not_found", "there is no such service") : link.error();
      Response response = response_of(why, ErrorShape::hub);
      co_await exchange.reply(std::move(response));
      co_return;
    }
    Body body = generic_request(exchange.request);
    if (body && *service == Service::chat && (op == "complete" || op == "inference")) {
      const auto wants = exchange.request.parameter("stream");
      HubEventsWriter writer(wants && *wants != "0" && *wants != "false");
      co_return co_await run_chat(loop_, exchange, std::move(*link), std::move(*body), writer);
    }
    co_await run(exchange, std::move(link), *service, std::move(body), 200);
  }

 private:
  /// `body`: what to ask `link`, or why not.
  Task<void> run(Exchange& exchange, Links::Found link, Service service, Body body, unsigned status) const {
    if (body) body = co_await ask(loop_, std::move(*link), service, std::move(*body));
    Response response = body ? json_response(*body, status) : response_of(body.error(), ErrorShape::hub);
    co_await exchange.reply(std::move(response));
  }

  asio::io_context& loop_;
  Links& links_;
};

}  // namespace

const std::vector<ResourceRow>& resource_rows() {
  static const std::vector<ResourceRow> rows = {
      {"GET", "/api/v1/devices", Service::devices, "list", {"user_id"}, {}},
      {"POST", "/api/v1/devices", Service::devices, "register", {}, {}, 201},
      {"GET", "/api/v1/devices/me", Service::devices, "me", {}, {}},
      {"GET", "/api/v1/devices/{device_id}", Service::devices, "get", {}, {}},
      {"PATCH", "/api/v1/devices/{device_id}", Service::devices, "update", {}, {}},
      {"DELETE", "/api/v1/devices/{device_id}", Service::devices, "delete", {}, {}},
      {"POST", "/api/v1/devices/{device_id}/revoke", Service::devices, "revoke", {}, {}},
      {"GET", "/api/v1/skills", Service::skills, "list", {"user_id"}, {}},
      {"PUT", "/api/v1/skills", Service::skills, "register", {}, {}},
      {"GET", "/api/v1/skills/search", Service::skills, "search", {"query", "user_id"}, {"device_limit"}},
      {"GET", "/api/v1/skills/{path}", Service::skills, "describe", {"user_id"}, {}},
      {"GET", "/api/v1/sessions", Service::sessions, "list", {"user_id"}, {"limit", "days"}},
      {"POST", "/api/v1/sessions", Service::sessions, "create", {}, {}, 201},
      {"GET", "/api/v1/sessions/{session_id}", Service::sessions, "get", {"user_id"}, {}},
      {"PATCH", "/api/v1/sessions/{session_id}", Service::sessions, "update", {}, {}},
      {"DELETE", "/api/v1/sessions/{session_id}", Service::sessions, "delete", {}, {}},
      {"GET",
       "/api/v1/sessions/{session_id}/messages",
       Service::sessions,
       "messages",
       {"before", "user_id"},
       {"limit"}},
      {"POST", "/api/v1/sessions/{session_id}/messages", Service::sessions, "append", {}, {}, 201},
      {"GET", "/api/v1/usage", Service::chat, "usage", {"user_id"}, {"days"}},
  };
  return rows;
}

std::vector<Route> rest_routes(asio::io_context& loop, Links& links) {
  const auto operations = std::make_shared<Operations>(loop, links);
  std::vector<Route> routes;
  for (const ResourceRow& row : resource_rows()) {
    routes.push_back({row.method, row.path, ErrorShape::hub,
                      [operations, &row](Exchange& exchange) { return operations->serve(exchange, row); }});
  }
  routes.push_back({"POST", "/api/v1/{service}/{op}", ErrorShape::hub,
                    [operations](Exchange& exchange) { return operations->generic(exchange); }});
  return routes;
}

}  // namespace strawberry::gateway
