#include "gateway/spoke_api/routes.h"

#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/hub/all_pages.h"
#include "gateway/spoke_api/chat.h"
#include "gateway/spoke_api/shapes.h"

namespace strawberry::gateway::spoke_api {
namespace {

using nlohmann::json;
using Body = tl::expected<json, Problem>;

constexpr std::string_view protocol_version = "v1";
constexpr const char* unsupported_version = "unsupported_version";

std::optional<Problem> foreign_version(const Request& request) {
  const std::string version(request.header("x-protocol-version"));
  if (version.empty() || version == protocol_version) return std::nullopt;
  return problem(400, unsupported_version, "Unsupported protocol version: " + version + ". Supported: v1");
}

/// Reads a Spoke's registration; null stands for members that it does not send.
Body read_registration(const Request& from) {
  auto body = read_json_object(from);
  if (!body) return body;
  for (const char* name : {"device_name", "name", "device_id"}) {
    const json given = member(*body, name);
    if (given.is_null() || given.is_string()) continue;
    return tl::unexpected(problem(400, "bad_request", std::string(name) + " is not a string"));
  }
  return body;
}

Response answer_of(const Outcome& outcome) {
  Response response = response_of(outcome, ErrorShape::spoke);
  if (!outcome && outcome.error().code == unsupported_version) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = outcome.error().message;
  }
  return response;
}

/// The operations behind the routes: each is one request to the hub, or a few.
class Operations {
 public:
  Operations(asio::io_context& loop, Links& links, DeviceTokens& tokens, Handler openai_chat)
      : loop_(loop), links_(links), tokens_(tokens), openai_chat_(std::move(openai_chat)) {}

  using Handle = std::function<Task<Outcome>(const Request& request)>;
  Task<void> serve(Exchange& exchange, const Handle& handle) {
    const Outcome outcome = co_await handle(exchange.request);
    Response response = answer_of(outcome);
    co_await exchange.reply(std::move(response));
  }

  /// Makes the hub's request from a route's.
  using Asks = std::function<tl::expected<json, Problem>(const Request& request)>;
  using Shape = std::function<json(const json& result, const Principal& who)>;
  struct Simple {
    Service service;
    Asks asks;
    Shape shape;
    const char* list = "";  // what the result lists in pages
  };
  Task<Outcome> simple(const Request& request, const Simple& how) {
    Links::Found link = co_await acting(request);
    if (!link) co_return tl::unexpected(link.error());
    auto body = how.asks(request);
    if (!body) co_return tl::unexpected(body.error());
    std::string list = how.list;
    auto result = co_await ask_all_pages(loop_, *link, how.service, std::move(*body), std::move(list));
    if (!result) co_return tl::unexpected(result.error());
    co_return json_response(how.shape(*result, (*link)->principal()));
  }

  Task<Outcome> me(const Request& request) {
    Links::Found link = co_await acting(request);
    if (!link) co_return tl::unexpected(link.error());
    const Principal& who = (*link)->principal();
    if (who.type != PrincipalType::device) co_return json_response(dashboard_of(who.user_id));
    json body = request_for("me");
    auto device = co_await ask(loop_, *link, Service::devices, std::move(body));
    if (!device) co_return tl::unexpected(device.error());
    co_return json_response(spoke_api::me(*device));
  }

  /// Registers a known device of the user again; any other id, or none, makes a new device. A device's token always
  /// means that device.
  Task<Outcome> register_device(const Request& request) {
    if (auto old = foreign_version(request)) co_return tl::unexpected(std::move(*old));
    Links::Found link = co_await links_.of(request);
    if (!link) co_return tl::unexpected(link.error());
    auto body = read_registration(request);
    if (!body) co_return tl::unexpected(body.error());
    const Principal who = (*link)->principal();
    std::string device_id = text_member(*body, "device_id");
    // A device's token can only act for that device, whatever id the Spoke had elsewhere.
    if (who.type == PrincipalType::device) device_id = who.id;
    if (!device_id.empty()) {
      json question = request_for("get", "device_id", device_id);
      auto known = co_await ask(loop_, *link, Service::devices, std::move(question));
      // The state is unknown now; that is no reason to make a new device.
      if (!known && !is_another_device(known.error())) co_return tl::unexpected(known.error());
      if (!known) device_id.clear();
    }
    json registration = registration_of(*body, device_id);
    auto registered = co_await ask(loop_, *link, Service::devices, std::move(registration));
    if (!registered) co_return tl::unexpected(registered.error());
    const std::string id = text_member(*registered, "device_id");
    if (id != who.id) tokens_.remember(*Links::token_of(request), id, text_member(*registered, "access_token"));
    co_return json_response(display(*registered));
  }

  Task<Outcome> execute(const Request& request) {
    Links::Found link = co_await acting(request);
    if (!link) co_return tl::unexpected(link.error());
    auto body = read_json_object(request);
    if (!body) co_return tl::unexpected(body.error());
    json call = call_of(*body);
    auto result = co_await ask(loop_, *link, Service::skills, std::move(call));
    co_return result ? executed(*result) : not_executed(result.error());
  }

  /// Returns all of a session's messages, read from the hub page by page, newest first.
  Task<Outcome> messages(const Request& request) {
    Links::Found link = co_await acting(request);
    if (!link) co_return tl::unexpected(link.error());
    const std::string session_id = request.places.at("id");
    AllMessages all;
    while (!all.is_whole()) {
      json page = all.next_page(session_id);
      auto given = co_await ask(loop_, *link, Service::sessions, std::move(page));
      if (!given && all.is_page_too_large(given.error())) continue;
      if (!given) co_return tl::unexpected(given.error());
      all.add(*given);
    }
    co_return json_response(message_list(all.listed(), session_id));
  }

  Task<Outcome> devices_of_dashboard(const Request& request) {
    Links::Found link = co_await acting(request);
    if (!link) co_return tl::unexpected(link.error());
    json list = request_for("list");
    json skills = list;
    auto devices = co_await ask(loop_, *link, Service::devices, std::move(list));
    if (!devices) co_return tl::unexpected(devices.error());
    std::string listed = "skills";
    auto offered = co_await ask_all_pages(loop_, *link, Service::skills, std::move(skills), std::move(listed));
    if (!offered) co_return tl::unexpected(offered.error());
    co_return json_response(dashboard_devices(*devices, *offered));
  }

  Task<void> chat(Exchange& exchange) {
    Links::Found link = co_await acting(exchange.request);
    auto body = link ? read_json_object(exchange.request) : tl::unexpected(link.error());
    if (body) co_return co_await spoke_api::chat(loop_, exchange, *link, std::move(*body), successors_);
    Response response = answer_of(tl::unexpected(body.error()));
    co_await exchange.reply(std::move(response));
  }

  /// Bodies that are not a Spoke's are OpenAI's: TensorZero in a Spoke uses the hub as such a provider.
  Task<void> chat_or_openai(Exchange& exchange) {
    const auto body = read_json_object(exchange.request);
    if (body && !is_spoke_chat(*body)) co_return co_await openai_chat_(exchange);
    co_await chat(exchange);
  }

 private:
  /// Returns the connection of the identity for which the request acts.
  Task<Links::Found> acting(const Request& request) {
    if (auto old = foreign_version(request)) co_return tl::unexpected(std::move(*old));
    const auto bearer = Links::token_of(request);
    if (!bearer) co_return tl::unexpected(bearer.error());
    std::string device_id(request.header("x-device-id"));
    std::string peer = request.peer;
    co_return co_await tokens_.link_for(*bearer, std::move(device_id), std::move(peer));
  }

  asio::io_context& loop_;
  Links& links_;
  DeviceTokens& tokens_;
  const Handler openai_chat_;
  Successors successors_;
};

// The hub's requests, one function for each route.

Operations::Asks just(const char* op) {
  return [op](const Request&) -> Body { return request_for(op); };
}
Operations::Asks about_device(const char* op) {
  return [op](const Request& from) -> Body { return request_for(op, "device_id", from.places.at("id")); };
}
Operations::Asks with_body(json (*make)(json body)) {
  return [make](const Request& from) -> Body { return read_json_object(from).map(make); };
}
Operations::Asks about_session(const char* op) {
  return [op](const Request& from) -> Body {
    auto body = read_json_object(from);
    if (!body) return body;
    (*body)["op"] = op;
    (*body)["session_id"] = from.places.at("id");
    return body;
  };
}
Operations::Asks with_numbers(const char* op, std::vector<const char*> numbers, const char* words = nullptr) {
  return [op, numbers = std::move(numbers), words](const Request& from) -> Body {
    json body = request_for(op);
    if (words != nullptr) body[words] = from.parameter(words).value_or("");
    for (const char* name : numbers) {
      if (auto wrong = add_number(from, name, body)) return tl::unexpected(std::move(*wrong));
    }
    return body;
  };
}

Body new_device(const Request& from) {
  return read_registration(from).map([](const json& body) { return registration_of(body); });
}
json new_session(json body) {
  body["op"] = "create";
  return body;
}

// The answers of the routes, made from the hub's results.

Operations::Shape as(json (*shape)(const json& result)) {
  return [shape](const json& result, const Principal&) { return shape(result); };
}
Operations::Shape as(json (*shape)(const json& result, const std::string& user_id)) {
  return [shape](const json& result, const Principal& who) { return shape(result, who.user_id); };
}

json token_answer(const json& refreshed) { return {{"access_token", text_member(refreshed, "access_token")}}; }
json deleted(const json& /*result*/) { return {{"status", "deleted"}}; }
json heartbeat_of(const json& result) {
  const std::string count = result.value("skills", json(0)).dump();
  return {{"message", "Heartbeat updated for " + count + " skills"},
          {"timestamp", format_rfc3339(SystemClock().wall_now())}};
}
json registered_skills(const json& result, const Principal& who) {
  const std::string count = result.value("registered", json(0)).dump();
  return {{"message", "Registered " + count + " skills"}, {"device_id", who.id}};
}

struct Row {
  const char* method;
  std::vector<std::string> paths;
  Operations::Simple how;
};

std::vector<Row> rows() {
  using Paths = std::vector<std::string>;
  const Paths sessions{"/sessions", "/api/sessions"};
  const Paths one_session{"/sessions/{id}", "/api/sessions/{id}"};
  const Paths messages{"/sessions/{id}/messages", "/api/sessions/{id}/messages"};
  const Paths one_device{"/devices/{id}", "/api/devices/{id}"};
  constexpr Service on_devices = Service::devices;
  constexpr Service on_skills = Service::skills;
  constexpr Service on_sessions = Service::sessions;
  return {
      {"POST", {"/auth/refresh"}, {on_devices, just("refresh_token"), as(token_answer)}},
      {"POST", {"/auth/register"}, {on_devices, new_device, as(registered_device)}},
      {"GET", {"/api/device-discovery", "/devices"}, {on_devices, just("list"), as(discovered_list)}},
      {"GET", {"/api/device-discovery/me"}, {on_devices, just("me"), as(discovered)}},
      {"GET", one_device, {on_devices, about_device("get"), as(discovered)}},
      {"DELETE", {"/api/devices/{id}"}, {on_devices, about_device("delete"), as(deleted)}},
      {"POST", {"/api/devices/token"}, {on_devices, new_device, as(new_device_token)}},
      {"POST", {"/skills/register"}, {on_skills, with_body(skills_of), registered_skills}},
      {"POST", {"/skills/heartbeat"}, {on_skills, just("heartbeat"), as(heartbeat_of)}},
      {"GET", {"/skills"}, {on_skills, just("list"), as(skill_list), "skills"}},
      {"GET",
       {"/skills/search"},
       {on_skills, with_numbers("search", {"device_limit"}, "query"), as(found_list), "results"}},
      {"POST", sessions, {on_sessions, with_body(new_session), as(session)}},
      {"GET", sessions, {on_sessions, with_numbers("list", {"limit", "days"}), as(session_list)}},
      {"GET", one_session, {on_sessions, about_session("get"), as(session)}},
      {"PATCH", one_session, {on_sessions, about_session("update"), as(session)}},
      {"DELETE", one_session, {on_sessions, about_session("delete"), as(deleted)}},
      {"POST", messages, {on_sessions, about_session("append"), as(message)}},
  };
}

}  // namespace

std::vector<Route> routes(asio::io_context& loop, Links& links, DeviceTokens& tokens, const Handler& openai_chat) {
  const auto api = std::make_shared<Operations>(loop, links, tokens, openai_chat);
  std::vector<Route> all;
  const auto add = [&](const char* method, std::string path, Handler handler) {
    all.push_back({method, std::move(path), ErrorShape::spoke, std::move(handler)});
  };
  const auto serve = [&](const char* method, std::string path, const Operations::Handle& handle) {
    add(method, std::move(path), [api, handle](Exchange& exchange) { return api->serve(exchange, handle); });
  };
  const auto handle = [&](const char* method, std::string path, Task<Outcome> (Operations::*what)(const Request&)) {
    serve(method, std::move(path), [api, what](const Request& request) { return ((*api).*what)(request); });
  };
  handle("GET", "/auth/me", &Operations::me);
  handle("POST", "/api/devices/register", &Operations::register_device);
  handle("GET", "/api/devices", &Operations::devices_of_dashboard);
  handle("POST", "/skills/execute", &Operations::execute);
  handle("GET", "/sessions/{id}/messages", &Operations::messages);
  handle("GET", "/api/sessions/{id}/messages", &Operations::messages);
  add("POST", "/api/v1/chat/completions", [api](Exchange& exchange) { return api->chat_or_openai(exchange); });
  for (const char* path : {"/inference", "/api/inference"}) {
    add("POST", path, [api](Exchange& exchange) { return api->chat(exchange); });
  }
  add("GET", "/api/health", [](Exchange& exchange) -> Task<void> {
    Response response = json_response({{"name", "Strawberry Hub"}, {"version", "1"}, {"status", "running"}});
    co_await exchange.reply(std::move(response));
  });
  for (const Row& row : rows()) {
    for (const std::string& path : row.paths) {
      serve(row.method, path, [api, how = row.how](const Request& request) { return api->simple(request, how); });
    }
  }
  return all;
}

}  // namespace strawberry::gateway::spoke_api
