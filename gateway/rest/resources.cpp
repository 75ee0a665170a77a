#include "gateway/rest/resources.h"

#include <charconv>

#include "gateway/hub/asking.h"
#include "gateway/json.h"
#include "gateway/openai/chat.h"
#include "gateway/openai/chunks.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

tl::unexpected<Problem> bad(std::string why, const std::string& path) {
  return tl::unexpected(Problem{400, "bad_request", std::move(why), {{"path", "/" + path}}});
}

tl::expected<json, Problem> number(const std::string& text, const std::string& name) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return bad(name + " is not a whole number", name);
  return json(value);
}

/// The operation's request: the body, what stands in the path, what stands in the query.
tl::expected<json, Problem> request_of(const Request& request, const ResourceRow& row) {
  auto body = read_json_object(request);
  if (!body) return body;
  for (const auto& [name, value] : request.places) (*body)[name] = value;
  for (const std::string& name : row.text_parameters) {
    if (auto value = request.parameter(name)) (*body)[name] = std::move(*value);
  }
  for (const std::string& name : row.number_parameters) {
    const auto value = request.parameter(name);
    if (!value) continue;
    auto read = number(*value, name);
    if (!read) return read;
    (*body)[name] = std::move(*read);
  }
  (*body)["op"] = row.op;
  return body;
}

/// What both kinds of routes do once they know the operation.
class Operations {
 public:
  Operations(asio::io_context& loop, Links& links) : loop_(loop), links_(links) {}

  Task<void> serve(Exchange& exchange, const ResourceRow& row) const {
    auto link = co_await link_for(exchange);
    if (!link) co_return;
    auto body = request_of(exchange.request, row);
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    co_await run(exchange, std::move(link), row.service, std::move(*body), row.status);
  }

  Task<void> generic(Exchange& exchange) const {
    auto link = co_await link_for(exchange);
    if (!link) co_return;
    const auto service = parse_service(exchange.request.places.at("service"));
    if (!service) {
      Problem why = problem(404, "not_found", "there is no such service");
      co_return co_await refuse(exchange, std::move(why));
    }
    auto body = read_json_object(exchange.request);
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    (*body)["op"] = exchange.request.places.at("op");
    const auto wants = exchange.request.parameter("stream");
    const bool is_streamed = wants && *wants != "0" && *wants != "false";
    const std::string& op = exchange.request.places.at("op");
    if (*service == Service::chat && (op == "complete" || op == "inference")) {
      co_return co_await chat(exchange, std::move(link), std::move(*body), is_streamed);
    }
    co_await run(exchange, std::move(link), *service, std::move(*body), 200);
  }

 private:
  Task<std::shared_ptr<HubLink>> link_for(Exchange& exchange) const {
    const auto token = Links::token_of(exchange.request);
    if (!token) {
      co_await refuse(exchange, token.error());
      co_return nullptr;
    }
    auto link = co_await links_.get(*token, exchange.request.peer);
    if (link) co_return *link;
    co_await refuse(exchange, link.error());
    co_return nullptr;
  }

  static Task<void> refuse(Exchange& exchange, Problem why) {
    Response response = response_of(why, ErrorShape::hub);
    co_await exchange.reply(std::move(response));
  }

  Task<void> run(Exchange& exchange, std::shared_ptr<HubLink> link, Service service, json body, unsigned status) const {
    if (auto problem = name_request(exchange.request, body)) {
      Problem why = std::move(*problem);
      co_return co_await refuse(exchange, std::move(why));
    }
    auto result = co_await ask(loop_, std::move(link), service, std::move(body));
    if (!result) {
      Problem why = result.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    Response response = json_response(*result, status);
    co_await exchange.reply(std::move(response));
  }

  /// A chat. Streamed: the hub's own events, and its reply as the last one. Whole: what a skill asks first is refused,
  /// since its client sees no question.
  Task<void> chat(Exchange& exchange, std::shared_ptr<HubLink> link, json body, bool is_streamed) const {
    Problem wrong;
    if (auto problem = name_request(exchange.request, body)) {
      wrong = std::move(*problem);
      co_return co_await refuse(exchange, std::move(wrong));
    }
    body["stream"] = is_streamed;
    body["tool_events"] = true;  // in any case: so it is known whether a skill was called
    if (!body.contains("timeout_ms")) body["timeout_ms"] = chat_timeout_default.count();
    Asking asking(loop_, link, Service::chat, std::move(body));
    if (!asking.send()) {
      wrong = problem(503, "unavailable", "the hub is not running, or too much is under way");
      co_return co_await refuse(exchange, std::move(wrong));
    }
    asking.watch(exchange);
    if (is_streamed) {
      std::string type(sse_content_type);
      co_await exchange.begin_stream(std::move(type));
    }
    bool tool_called = false;
    const SteadyTime deadline = std::chrono::steady_clock::now() + chat_timeout_default + reply_slack;
    while (true) {
      const SteadyTime pause = std::chrono::steady_clock::now() + std::chrono::seconds(15);
      Asking::Item item = co_await asking.next(std::min(deadline, pause));
      std::string piece;
      bool is_over = true;
      bool is_left = false;
      if (item.kind == Asking::Kind::event) {
        is_over = false;
        const std::string name = text(item.payload, "event");
        tool_called = tool_called || name == "tool_call";
        if (is_streamed) piece = sse(item.payload);
        if (!is_streamed && name == "confirm") link->tell(refusal_of(member(item.payload, "data")));
      } else if (item.kind == Asking::Kind::reply) {
        if (is_streamed) {
          piece = sse(item.payload);
        } else if (is_true(item.payload, "success")) {
          Response response = json_response(member(item.payload, "result"));
          co_await exchange.reply(std::move(response));
          co_return;
        } else {
          wrong = problem_of(member(item.payload, "error"), tool_called);
        }
      } else if (item.kind == Asking::Kind::too_late && std::chrono::steady_clock::now() < deadline) {
        is_over = false;
        if (is_streamed) piece = sse_keep_alive;
      } else {
        is_left = item.kind != Asking::Kind::lost;
        wrong = problem(status_of(is_left ? "timeout" : "unavailable", tool_called),
                        is_left ? "timeout" : "unavailable", "the hub's answer was lost");
        if (is_streamed) piece = sse(body_of(wrong, ErrorShape::hub));
      }
      if (!piece.empty() && item.kind != Asking::Kind::client_gone) {
        const bool is_there = co_await exchange.write(std::move(piece));
        is_left = is_left || !is_there;
      }
      // Nobody waits for it any more.
      if (is_left) link->tell(cancel_of(asking.correlation_id()));
      if (item.kind == Asking::Kind::client_gone || item.kind == Asking::Kind::overflow) co_return;
      if (is_over || is_left) break;
    }
    if (is_streamed) {
      co_await exchange.end_stream();
    } else {
      co_await refuse(exchange, std::move(wrong));
    }
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
