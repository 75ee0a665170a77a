#include "gateway/spoke_api/routes.h"

#include <charconv>

#include "gateway/json.h"
#include "gateway/openai/chat.h"
#include "gateway/spoke_api/chat.h"
#include "gateway/spoke_api/shapes.h"

namespace strawberry::gateway::spoke_api {
namespace {

using nlohmann::json;

constexpr std::string_view protocol_version = "v1";

json request(const char* op) { return {{"op", op}}; }
json request(const char* op, const char* name, const std::string& value) { return {{"op", op}, {name, value}}; }

/// A request with whole numbers of the query, those that are there.
tl::expected<json, Problem> with_numbers(json body, const Request& from, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto given = from.parameter(name);
    if (!given) continue;
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(given->data(), given->data() + given->size(), value);
    if (failed != std::errc() || end != given->data() + given->size()) {
      return tl::unexpected(problem(400, "bad_request", std::string(name) + " is not a whole number"));
    }
    body[name] = value;
  }
  return body;
}

/// What a Spoke says of itself; null stands for what it does not say.
tl::expected<json, Problem> read_registration(const Request& from) {
  auto body = read_json_object(from);
  if (!body) return body;
  for (const char* name : {"device_name", "name", "device_id"}) {
    const json given = member(*body, name);
    if (given.is_null() || given.is_string()) continue;
    return tl::unexpected(problem(400, "bad_request", std::string(name) + " is not a string"));
  }
  return body;
}

json registration_of(const json& body, const std::string& device_id) {
  json registration = request("register", "name", text(body, "device_name"));
  if (text(body, "device_name").empty()) registration["name"] = text(body, "name");
  if (!device_id.empty()) registration["device_id"] = device_id;
  return registration;
}

tl::expected<json, Problem> new_registration(const Request& from) {
  const auto body = read_registration(from);
  if (!body) return body;
  return registration_of(*body, "");
}

json skills_of(json body) {
  body["op"] = "register";
  auto skills = body.find("skills");
  if (skills == body.end() || !skills->is_array()) return body;
  for (json& skill : *skills) {
    if (!skill.is_object()) continue;
    for (const char* name : {"docstring", "device_agnostic"}) {
      if (const auto member = skill.find(name); member != skill.end() && member->is_null()) skill.erase(member);
    }
  }
  return body;
}

json call_of(const json& body) {
  json call = request("call", "skill_path", text(body, "skill_name") + "." + text(body, "method_name"));
  // As it is: the hub refuses what is no name, and nothing runs on another device.
  if (const json device = member(body, "device_name"); !device.is_null() && device != "") call["target"] = device;
  call["args"] = body.value("args", json::array());
  call["kwargs"] = body.value("kwargs", json::object());
  return call;
}

json registered_skills(const json& result, const std::string& device_id) {
  const std::string count = result.value("registered", json(0)).dump();
  return {{"message", "Registered " + count + " skills"}, {"device_id", device_id}};
}

json heartbeat_of(const json& result) {
  const std::string count = result.value("skills", json(0)).dump();
  return {{"message", "Heartbeat updated for " + count + " skills"},
          {"timestamp", format_rfc3339(SystemClock().wall_now())}};
}

json dashboard_devices(const json& devices, const json& skills) {
  json list = json::array();
  for (const json& device : devices.value("devices", json::array())) {
    json names = json::array();
    for (const json& skill : skills.value("skills", json::array())) {
      if (text(skill, "device_id") == text(device, "device_id")) {
        names.push_back(text(skill, "class_name") + "." + text(skill, "function_name"));
      }
    }
    json shown = discovered(device);
    shown["created_at"] = device.value("created_at", json());
    shown["skill_count"] = names.size();
    shown["skill_names"] = std::move(names);
    list.push_back(std::move(shown));
  }
  return list;
}

json token_answer(const std::string& token) { return {{"access_token", token}}; }
json deleted() { return {{"status", "deleted"}}; }
json hub_health() { return {{"name", "Strawberry Hub"}, {"version", "1"}, {"status", "running"}}; }
json display(const json& registered) {
  return {{"device_id", registered.value("device_id", json())}, {"display_name", registered.value("name", json())}};
}
json new_device_token(const json& registered) {
  return {{"device", discovered(registered)},
          {"token", text(registered, "access_token")},
          {"command", "strawberry-spoke --token TOKEN"}};
}
json registered_device(const json& registered) {
  return {{"device_id", registered.value("device_id", json())}, {"access_token", text(registered, "access_token")}};
}

/// As whom a request speaks.
struct Acting {
  Acting() = default;
  std::shared_ptr<HubLink> link;
};
using Acts = tl::expected<Acting, Problem>;
using Answered = tl::expected<json, Problem>;

class SpokeApi {
 public:
  SpokeApi(asio::io_context& loop, Links& links, DeviceTokens& tokens, Handler openai_chat)
      : loop_(loop), links_(links), tokens_(tokens), openai_chat_(std::move(openai_chat)) {}

  /// One request to the hub, and its result in the Spoke API's shape.
  using Ask = std::function<tl::expected<json, Problem>(const Request&, const HubLink&)>;
  using Shape = std::function<json(const json& result, const Request&, const HubLink&)>;
  Task<void> simple(Exchange& exchange, Service service, const Ask& asks, const Shape& shape) {
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    auto body = asks(exchange.request, *acts->link);
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    Answered result = co_await ask(loop_, acts->link, service, std::move(*body));
    if (!result) {
      Problem why = result.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    Response response = json_response(shape(*result, exchange.request, *acts->link));
    co_await exchange.reply(std::move(response));
  }

  Task<void> me(Exchange& exchange) {
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    const Principal& who = acts->link->principal();
    Response response;
    if (who.type != PrincipalType::device) {
      response = json_response(dashboard_of(who.user_id));
    } else {
      json body = request("me");
      Answered device = co_await ask(loop_, acts->link, Service::devices, std::move(body));
      if (!device) {
        Problem why = device.error();
        co_return co_await refuse(exchange, std::move(why));
      }
      response = json_response(spoke_api::me(*device));
    }
    co_await exchange.reply(std::move(response));
  }

  /// A known device of the user is itself again; any other id, or none, is a new device. A device's token means that
  /// device.
  Task<void> register_device(Exchange& exchange) {
    if (auto old = foreign_version(exchange.request)) {
      Problem why = std::move(*old);
      co_return co_await refuse(exchange, std::move(why));
    }
    const auto bearer = Links::token_of(exchange.request);
    if (!bearer) {
      Problem why = bearer.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    auto link = co_await links_.get(*bearer, exchange.request.peer);
    if (!link) {
      Problem why = link.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    auto body = read_registration(exchange.request);
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    const Principal who = (*link)->principal();
    std::string device_id = text(*body, "device_id");
    // A device cannot speak for another one: with its token a Spoke is that device, whatever it was elsewhere.
    if (who.type == PrincipalType::device) device_id = who.id;
    if (!device_id.empty()) {
      json question = request("get", "device_id", device_id);
      Answered known = co_await ask(loop_, *link, Service::devices, std::move(question));
      if (!known && !is_another_device(known.error())) {
        // Not known now, and no reason to be a new device for ever.
        Problem why = known.error();
        co_return co_await refuse(exchange, std::move(why));
      }
      if (!known) device_id.clear();
    }
    json registration = registration_of(*body, device_id);
    Answered registered = co_await ask(loop_, *link, Service::devices, std::move(registration));
    if (!registered) {
      Problem why = registered.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    const std::string id = text(*registered, "device_id");
    if (id != who.id) tokens_.remember(*bearer, id, text(*registered, "access_token"));
    Response response = json_response(display(*registered));
    co_await exchange.reply(std::move(response));
  }

  Task<void> execute(Exchange& exchange) {
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    auto body = read_json_object(exchange.request);
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    json call = call_of(*body);
    Answered result = co_await ask(loop_, acts->link, Service::skills, std::move(call));
    Response response;
    if (result) response = executed(*result);
    if (!result) response = not_executed(result.error());
    co_await exchange.reply(std::move(response));
  }

  /// All of a session's messages, got from the hub page by page, newest first.
  Task<void> messages(Exchange& exchange) {
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    const std::string session_id = exchange.request.places.at("id");
    AllMessages all;
    while (!all.is_whole()) {
      json page = all.next_page(session_id);
      Answered given = co_await ask(loop_, acts->link, Service::sessions, std::move(page));
      if (!given && all.is_page_too_large(given.error())) continue;
      if (!given) {
        Problem why = given.error();
        co_return co_await refuse(exchange, std::move(why));
      }
      all.add(*given);
    }
    Response response = json_response(message_list(all.listed(), session_id));
    co_await exchange.reply(std::move(response));
  }

  Task<void> devices_of_dashboard(Exchange& exchange) {
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    json list = request("list");
    json skills = list;
    Answered devices = co_await ask(loop_, acts->link, Service::devices, std::move(list));
    if (!devices) {
      Problem why = devices.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    Answered offered = co_await ask(loop_, acts->link, Service::skills, std::move(skills));
    if (!offered) {
      Problem why = offered.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    Response response = json_response(dashboard_devices(*devices, *offered));
    co_await exchange.reply(std::move(response));
  }

  Task<void> chat(Exchange& exchange) {
    // What is no Spoke's chat is OpenAI's: TensorZero in a Spoke uses the hub as such a provider.
    auto body = read_json_object(exchange.request);
    if (body && !is_spoke_chat(*body) && exchange.request.path != "/api/inference") {
      co_return co_await openai_chat_(exchange);
    }
    Acts acts = co_await acting(exchange);
    if (!acts) {
      Problem why = acts.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    if (!body) {
      Problem why = body.error();
      co_return co_await refuse(exchange, std::move(why));
    }
    co_await spoke_api::chat(loop_, exchange, acts->link, std::move(*body), successors_);
  }

 private:
  static Task<void> refuse(Exchange& exchange, Problem why) {
    Response response = response_of(why, ErrorShape::spoke);
    if (why.code == "unsupported_version") {
      response.content_type = "text/plain; charset=utf-8";
      response.body = why.message;
    }
    co_await exchange.reply(std::move(response));
  }

  static std::optional<Problem> foreign_version(const Request& request) {
    const std::string version(request.header("x-protocol-version"));
    if (version.empty() || version == protocol_version) return std::nullopt;
    return problem(400, "unsupported_version", "Unsupported protocol version: " + version + ". Supported: v1");
  }

  Task<Acts> acting(Exchange& exchange) {
    if (auto old = foreign_version(exchange.request)) co_return tl::unexpected(std::move(*old));
    const auto bearer = Links::token_of(exchange.request);
    if (!bearer) co_return tl::unexpected(bearer.error());
    const std::string device_id(exchange.request.header("x-device-id"));
    const std::string peer = exchange.request.peer;
    Links::Found link = co_await tokens_.link_for(*bearer, device_id, peer);
    if (!link) co_return tl::unexpected(link.error());
    Acting acts;
    acts.link = *link;
    co_return acts;
  }

  asio::io_context& loop_;
  Links& links_;
  DeviceTokens& tokens_;
  const Handler openai_chat_;
  Successors successors_;
};

using Api = std::shared_ptr<SpokeApi>;

/// One row of the table of simple routes.
struct Row {
  const char* method;
  std::vector<std::string> paths;
  Service service;
  SpokeApi::Ask asks;
  SpokeApi::Shape shape;
};

SpokeApi::Ask just(const char* op) {
  return [op](const Request&, const HubLink&) -> tl::expected<json, Problem> { return request(op); };
}
SpokeApi::Ask about_session(const char* op) {
  return [op](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
    auto body = read_json_object(from);
    if (!body) return body;
    (*body)["op"] = op;
    (*body)["session_id"] = from.places.at("id");
    return body;
  };
}
SpokeApi::Ask with_body(const char* op) {
  return [op](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
    auto body = read_json_object(from);
    if (body) (*body)["op"] = op;
    return body;
  };
}

std::vector<Row> rows() {
  const auto both = [](const char* path) { return std::vector<std::string>{path, std::string("/api") + path}; };
  std::vector<Row> all;
  all.push_back({"POST",
                 {"/auth/refresh"},
                 Service::devices,
                 just("refresh_token"),
                 [](const json& r, const Request&, const HubLink&) { return token_answer(text(r, "access_token")); }});
  all.push_back({"POST",
                 {"/auth/register"},
                 Service::devices,
                 [](const Request& from, const HubLink&) { return new_registration(from); },
                 [](const json& r, const Request&, const HubLink&) { return registered_device(r); }});
  all.push_back({"GET",
                 {"/api/device-discovery", "/devices"},
                 Service::devices,
                 just("list"),
                 [](const json& r, const Request&, const HubLink&) { return discovered_list(r); }});
  all.push_back({"GET",
                 {"/api/device-discovery/me"},
                 Service::devices,
                 just("me"),
                 [](const json& r, const Request&, const HubLink&) { return discovered(r); }});
  all.push_back({"GET",
                 {"/devices/{id}", "/api/devices/{id}"},
                 Service::devices,
                 [](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
                   return request("get", "device_id", from.places.at("id"));
                 },
                 [](const json& r, const Request&, const HubLink&) { return discovered(r); }});
  all.push_back({"DELETE",
                 {"/api/devices/{id}"},
                 Service::devices,
                 [](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
                   return request("delete", "device_id", from.places.at("id"));
                 },
                 [](const json&, const Request&, const HubLink&) { return deleted(); }});
  all.push_back({"POST",
                 {"/api/devices/token"},
                 Service::devices,
                 [](const Request& from, const HubLink&) { return new_registration(from); },
                 [](const json& r, const Request&, const HubLink&) { return new_device_token(r); }});
  all.push_back(
      {"POST",
       {"/skills/register"},
       Service::skills,
       [](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
         auto body = read_json_object(from);
         if (!body) return body;
         return skills_of(std::move(*body));
       },
       [](const json& r, const Request&, const HubLink& link) { return registered_skills(r, link.principal().id); }});
  all.push_back({"POST",
                 {"/skills/heartbeat"},
                 Service::skills,
                 just("heartbeat"),
                 [](const json& r, const Request&, const HubLink&) { return heartbeat_of(r); }});
  all.push_back({"GET", {"/skills"}, Service::skills, just("list"), [](const json& r, const Request&, const HubLink&) {
                   return skill_list(r);
                 }});
  all.push_back({"GET",
                 {"/skills/search"},
                 Service::skills,
                 [](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
                   json body = request("search", "query", from.parameter("query").value_or(""));
                   return with_numbers(std::move(body), from, {"device_limit"});
                 },
                 [](const json& r, const Request&, const HubLink&) { return found_list(r); }});
  all.push_back({"POST", both("/sessions"), Service::sessions, with_body("create"),
                 [](const json& r, const Request&, const HubLink& link) {
                   return spoke_api::session(r, link.principal().user_id);
                 }});
  all.push_back(
      {"GET", both("/sessions"), Service::sessions,
       [](const Request& from, const HubLink&) -> tl::expected<json, Problem> {
         return with_numbers(request("list"), from, {"limit", "days"});
       },
       [](const json& r, const Request&, const HubLink& link) { return session_list(r, link.principal().user_id); }});
  const SpokeApi::Shape one_session = [](const json& r, const Request&, const HubLink& link) {
    return spoke_api::session(r, link.principal().user_id);
  };
  all.push_back({"GET", both("/sessions/{id}"), Service::sessions, about_session("get"), one_session});
  all.push_back({"PATCH", both("/sessions/{id}"), Service::sessions, about_session("update"), one_session});
  all.push_back({"DELETE", both("/sessions/{id}"), Service::sessions, about_session("delete"),
                 [](const json&, const Request&, const HubLink&) { return deleted(); }});
  all.push_back({"POST", both("/sessions/{id}/messages"), Service::sessions, about_session("append"),
                 [](const json& r, const Request&, const HubLink&) { return spoke_api::message(r); }});
  return all;
}

}  // namespace

std::vector<Route> routes(asio::io_context& loop, Links& links, DeviceTokens& tokens, const Handler& openai_chat) {
  const auto api = std::make_shared<SpokeApi>(loop, links, tokens, openai_chat);
  std::vector<Route> all;
  const auto add = [&](const char* method, const char* path, Task<void> (SpokeApi::*handle)(Exchange&)) {
    all.push_back(
        {method, path, ErrorShape::spoke, [api, handle](Exchange& exchange) { return ((*api).*handle)(exchange); }});
  };
  add("GET", "/auth/me", &SpokeApi::me);
  add("POST", "/api/devices/register", &SpokeApi::register_device);
  add("GET", "/api/devices", &SpokeApi::devices_of_dashboard);
  add("POST", "/skills/execute", &SpokeApi::execute);
  add("GET", "/sessions/{id}/messages", &SpokeApi::messages);
  add("GET", "/api/sessions/{id}/messages", &SpokeApi::messages);
  add("POST", "/api/v1/chat/completions", &SpokeApi::chat);
  add("POST", "/api/inference", &SpokeApi::chat);
  all.push_back({"GET", "/api/health", ErrorShape::spoke, [](Exchange& exchange) -> Task<void> {
                   Response response = json_response(hub_health());
                   co_await exchange.reply(std::move(response));
                 }});
  for (const Row& row : rows()) {
    for (const std::string& path : row.paths) {
      all.push_back({row.method, path, ErrorShape::spoke, [api, row](Exchange& exchange) {
                       return api->simple(exchange, row.service, row.asks, row.shape);
                     }});
    }
  }
  return all;
}

}  // namespace strawberry::gateway::spoke_api
