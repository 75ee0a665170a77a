#include "gateway/rest/resources.h"

#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/http/sse.h"
#include "gateway/hub/all_pages.h"
#include "gateway/hub/asking.h"
#include "gateway/hub/chat_turn.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;
using Body = tl::expected<json, Problem>;

/// Makes the operation's request from the body, the path and the query.
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

/// Makes the request of `POST /api/v1/{service}/{op}`.
Body generic_request(const Request& request, const std::string& op) {
  auto body = read_json_object(request);
  if (!body) return body;
  if (auto wrong = name_request(request, *body)) return tl::unexpected(std::move(*wrong));
  (*body)["op"] = op;
  return body;
}

/// Streams the hub's own events, with its reply as the last one. Not streamed: a skill that asks first is refused,
/// since the client cannot see the question.
class HubEventsWriter : public ChatWriter {
 public:
  explicit HubEventsWriter(bool is_streamed)
      : ChatWriter({.is_streamed = is_streamed, .comments_begin = true, .has_questions = is_streamed}) {}

  std::string event(const std::string& /*name*/, const json& message) override { return sse(message); }
  std::string end(const json& reply) override { return sse(reply); }
  std::string failure(const Problem& why, const json& reply) override {
    return sse(reply.is_null() ? body_of(why, ErrorShape::hub) : reply);
  }
};

/// The part that both kinds of routes share once the operation is known.
class Operations {
 public:
  Operations(asio::io_context& loop, Links& links) : loop_(loop), links_(links) {}

  Task<void> serve(Exchange& exchange, const ResourceRow& row) const {
    Links::Found link = co_await links_.of(exchange.request);
    Body body = link ? request_of(exchange.request, row) : tl::unexpected(link.error());
    std::string list = row.list;
    co_await run(exchange, std::move(link), row.service, std::move(body), row.status, std::move(list));
  }

  Task<void> generic(Exchange& exchange, Service service, std::string op) const {
    Links::Found link = co_await links_.of(exchange.request);
    Body body = link ? generic_request(exchange.request, op) : tl::unexpected(link.error());
    if (body && service == Service::chat && (op == "complete" || op == "inference")) {
      const auto wants = exchange.request.parameter("stream");
      HubEventsWriter writer(wants && *wants != "0" && *wants != "false");
      co_return co_await run_chat(loop_, exchange, std::move(*link), std::move(*body), writer);
    }
    co_await run(exchange, std::move(link), service, std::move(body), 200);
  }

 private:
  /// `body`: what to ask `link`, or why not.
  Task<void> run(Exchange& exchange, Links::Found link, Service service, Body body, unsigned status,
                 std::string list = {}) const {
    if (body) body = co_await ask_all_pages(loop_, std::move(*link), service, std::move(*body), std::move(list));
    Response response = body ? json_response(*body, status) : response_of(body.error(), ErrorShape::hub);
    co_await exchange.reply(std::move(response));
  }

  asio::io_context& loop_;
  Links& links_;
};

}  // namespace

const std::vector<ResourceRow>& resource_rows() {
  static const std::vector<ResourceRow> rows = {
      {"GET", "/api/v1/devices", Service::devices, "list", {"user_id", "room", "capability"}, {}},
      {"POST", "/api/v1/devices", Service::devices, "register", {}, {}, 201},
      {"GET", "/api/v1/devices/me", Service::devices, "me", {}, {}},
      {"GET", "/api/v1/devices/{device_id}", Service::devices, "get", {}, {}},
      {"PATCH", "/api/v1/devices/{device_id}", Service::devices, "update", {}, {}},
      {"DELETE", "/api/v1/devices/{device_id}", Service::devices, "delete", {}, {}},
      {"POST", "/api/v1/devices/{device_id}/revoke", Service::devices, "revoke", {}, {}},
      {"GET", "/api/v1/skills", Service::skills, "list", {"user_id", "cursor"}, {"limit"}, 200, "skills"},
      {"PUT", "/api/v1/skills", Service::skills, "register", {}, {}},
      {"GET",
       "/api/v1/skills/search",
       Service::skills,
       "search",
       {"query", "user_id", "cursor"},
       {"device_limit", "limit"},
       200,
       "results"},
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
      {"GET", "/api/v1/quota", Service::users, "quota", {"user_id"}, {}},
      {"GET", "/api/v1/audit", Service::users, "audit", {"since", "until", "user", "action", "cursor"}, {"limit"}},
      {"GET", "/api/v1/backups", Service::users, "backups", {"user_id"}, {}},
      {"POST", "/api/v1/backups", Service::users, "backup", {}, {}, 201},
      {"GET", "/api/v1/backups/{backup_id}", Service::users, "get_backup", {"user_id"}, {}},
      {"DELETE", "/api/v1/backups/{backup_id}", Service::users, "delete_backup", {"user_id"}, {}},
      {"POST", "/api/v1/backups/{backup_id}/restore", Service::users, "restore_backup", {}, {}},
  };
  return rows;
}

std::vector<Route> rest_routes(asio::io_context& loop, Links& links, std::span<const std::string_view> names) {
  const auto operations = std::make_shared<Operations>(loop, links);
  std::vector<Route> routes;
  for (const ResourceRow& row : resource_rows()) {
    routes.push_back({row.method, row.path, ErrorShape::hub,
                      [operations, &row](Exchange& exchange) { return operations->serve(exchange, row); }});
  }
  for (const std::string_view name : names) {
    if (name == "users/login") continue;  // accounts/routes.h has it, with the door's own token
    const std::string_view service = name.substr(0, name.find('/'));
    const std::string op(name.substr(service.size() + 1));
    routes.push_back({"POST", "/api/v1/" + std::string(name), ErrorShape::hub,
                      [operations, service = parse_service(service).value(), op](Exchange& exchange) {
                        return operations->generic(exchange, service, op);
                      }});
  }
  return routes;
}

}  // namespace strawberry::gateway
