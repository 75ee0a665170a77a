#include "gateway/rest/backups.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>

#include "common/text/base64url.h"
#include "common/text/printable.h"
#include "gateway/http/json.h"
#include "gateway/http/request_body.h"
#include "gateway/hub/asking.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;
using Answer = tl::expected<json, Problem>;

constexpr std::size_t piece_bytes = 96 * 1024;

/// Converts `not_found` to `BACKUP_NOT_FOUND`, as the clients of `/api/hub` expect.
std::string code_for_hub(const std::string& code) {
  std::string upper = code == "not_found" ? "backup_not_found" : code;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

Response failure(const Problem& why, bool for_hub) {
  if (!for_hub) return response_of(why, ErrorShape::hub);
  Response response = response_of(why, ErrorShape::hub);
  const json body{{"success", false}, {"message", why.message}, {"code", code_for_hub(why.code)}};
  response.body = to_text(body);
  return response;
}

/// Makes the answer of `/api/hub` from an operation's result.
Response success(const std::string& op, json result) {
  json body{{"success", true}, {"message", "ok"}};
  const auto as_hub = [](json& info) {
    // A member of the original's records; a backup here always has everything.
    info["collections"] = json::array();
    info["vector_count"] = 0;
  };
  if (result.contains("backup")) {
    body["backup"] = std::move(result["backup"]);
    as_hub(body["backup"]);
  }
  if (result.contains("backups")) {
    body["backups"] = std::move(result["backups"]);
    for (json& info : body["backups"]) as_hub(info);
  }
  if (op == "restore_backup") body["restore_result"] = std::move(result["restored"]);
  if (op == "backup") body["message"] = "backup made";
  if (op == "delete_backup") body["message"] = "backup deleted";
  return json_response(body, op == "backup" ? 201 : 200);
}

/// Members of the query as text.
void take_parameters(const Request& request, std::initializer_list<const char*> names, json& body) {
  for (const char* name : names)
    if (auto value = request.parameter(name)) body[name] = std::move(*value);
}

/// What is wrong with an upload before the hub is asked.
std::optional<Problem> objection_to_upload(const Request& request) {
  constexpr std::int64_t offset_max = std::int64_t{1} << 40;
  constexpr std::array known{"name", "description", "user_id", "backup_id", "offset", "more"};
  const auto wrong = [](const std::string& what, const std::string& name) {
    return problem(400, "bad_request", what, "/" + name);
  };
  std::set<std::string> seen;
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return wrong("unknown parameter: " + printable(name, 64) + " (see /docs)", printable(name, 64));
    if (!seen.insert(name).second) return wrong("a parameter is there twice: " + name, name);
  }
  const auto more = request.parameter("more");
  if (more && !more->empty() && *more != "1" && *more != "true")
    return wrong("more is said without a value, or left out: " + printable(*more, 16), "more");
  if (request.parameter("backup_id").has_value() != request.parameter("offset").has_value())
    return wrong("backup_id and offset come together, from the second piece on", "backup_id");
  json offset;
  if (auto no_number = add_number(request, "offset", offset)) return no_number;
  if (offset.is_object() && (offset["offset"] < 0 || offset["offset"] > offset_max))
    return wrong("offset is beyond any file", "offset");
  if (request.body.empty()) return problem(400, "bad_request", "the request has no body: it is the backup's file");
  return std::nullopt;
}

class Backups {
 public:
  Backups(asio::io_context& loop, Links& links) : loop_(loop), links_(links) {}

  /// Runs an operation and answers in the form of `/api/hub`.
  Task<void> hub_operation(Exchange& exchange, std::string op) const {
    auto body = read_json_object(exchange.request);
    Links::Found link = co_await links_.of(exchange.request);
    if (!link) body = tl::unexpected(link.error());
    if (body) {
      for (const auto& [name, value] : exchange.request.places) (*body)[name] = value;
      take_parameters(exchange.request, {"user_id"}, *body);
      body->erase("collections");  // a backup always has everything
      if (auto wrong = name_request(exchange.request, *body)) body = tl::unexpected(std::move(*wrong));
    }
    if (body) {
      (*body)["op"] = op;
      json request = std::move(*body);
      body = co_await ask(loop_, *link, Service::users, std::move(request));
    }
    Response response = body ? success(op, std::move(*body)) : failure(body.error(), true);
    co_await exchange.reply(std::move(response));
  }

  Task<void> download(Exchange& exchange, bool for_hub) const {
    Links::Found link = co_await links_.of(exchange.request);
    json request{{"op", "read_backup"}, {"backup_id", exchange.request.places.at("backup_id")}};
    take_parameters(exchange.request, {"user_id"}, request);
    Answer piece = link ? Answer(json()) : tl::unexpected(link.error());
    if (link) piece = co_await ask(loop_, *link, Service::users, request);
    if (!piece) {
      Response refused = failure(piece.error(), for_hub);
      co_await exchange.reply(std::move(refused));
      co_return;
    }
    exchange.begin_stream("application/gzip");
    while (true) {
      std::string bytes = base64url_decode(text_member(*piece, "data")).value_or("");
      if (!piece->contains("next_offset")) {
        co_await exchange.end_stream(std::move(bytes));
        co_return;
      }
      if (!co_await exchange.write(std::move(bytes))) co_return;
      request["offset"] = piece->at("next_offset");
      piece = co_await ask(loop_, *link, Service::users, request);
      if (!piece) co_return;  // the answer ends early; the client sees it by length and checksum
    }
  }

  /// Takes `?name=` and the file; a larger file comes in several requests, all but the last with `more`, from the
  /// second on with `backup_id` and `offset`.
  Task<void> upload(Exchange& exchange, bool for_hub) const {
    Links::Found link = co_await links_.of(exchange.request);
    Answer answer = link ? Answer(json::object()) : tl::unexpected(link.error());
    if (answer) {
      if (auto wrong = objection_to_upload(exchange.request)) answer = tl::unexpected(std::move(*wrong));
    }
    json request{{"op", "write_backup"}, {"offset", 0}};
    take_parameters(exchange.request, {"user_id", "name", "description", "backup_id"}, request);
    if (answer) {
      if (auto wrong = add_number(exchange.request, "offset", request)) answer = tl::unexpected(std::move(*wrong));
    }
    const bool has_more = exchange.request.parameter("more").has_value();
    const std::string& file = exchange.request.body;
    std::int64_t offset = request["offset"].is_number_integer() ? request["offset"].get<std::int64_t>() : 0;
    for (std::size_t from = 0; answer;) {
      const auto size = std::min(piece_bytes, file.size() - from);
      request["data"] = base64url_encode(file.substr(from, size));
      request["offset"] = offset;
      from += size;
      offset += static_cast<std::int64_t>(size);
      const bool is_last = from >= file.size();
      if (is_last && !has_more) request["is_last"] = true;
      answer = co_await ask(loop_, *link, Service::users, request);
      if (!answer || is_last) break;
      request["backup_id"] = answer->at("backup_id");
    }
    if (answer && has_more) (*answer)["next_offset"] = offset;
    Response response;
    if (!answer) {
      response = failure(answer.error(), for_hub);
    } else if (for_hub) {
      response = success("write_backup", std::move(*answer));
    } else {
      response = json_response(*answer, has_more ? 200 : 201);
    }
    co_await exchange.reply(std::move(response));
  }

 private:
  asio::io_context& loop_;
  Links& links_;
};

}  // namespace

std::vector<Route> backup_routes(asio::io_context& loop, Links& links) {
  const auto backups = std::make_shared<Backups>(loop, links);
  std::vector<Route> routes;
  for (const bool for_hub : {false, true}) {
    const std::string base = for_hub ? "/api/hub/backups" : "/api/v1/backups";
    routes.push_back({"POST", base + "/upload", ErrorShape::hub,
                      [backups, for_hub](Exchange& exchange) { return backups->upload(exchange, for_hub); }});
    routes.push_back({"GET", base + "/{backup_id}/download", ErrorShape::hub,
                      [backups, for_hub](Exchange& exchange) { return backups->download(exchange, for_hub); }});
  }
  struct HubRoute {
    const char* method;
    const char* path;
    const char* op;
  };
  constexpr HubRoute of_hub[] = {
      {"GET", "/api/hub/backups", "backups"},
      {"POST", "/api/hub/backups", "backup"},
      {"POST", "/api/hub/backups/restore", "restore_backup"},
      {"GET", "/api/hub/backups/{backup_id}", "get_backup"},
      {"DELETE", "/api/hub/backups/{backup_id}", "delete_backup"},
  };
  for (const HubRoute& row : of_hub) {
    routes.push_back({row.method, row.path, ErrorShape::hub, [backups, op = std::string(row.op)](Exchange& exchange) {
                        return backups->hub_operation(exchange, op);
                      }});
  }
  return routes;
}

}  // namespace strawberry::gateway
