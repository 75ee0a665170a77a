#include "gateway/accounts/routes.h"

#include "common/text/json_text.h"
#include "gateway/http/json.h"
#include "gateway/http/request_body.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

/// Returns the text of a required member; the error names the member and never its value.
tl::expected<std::string, Problem> text_of(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || !found->is_string())
    return tl::unexpected(problem(400, "bad_request", std::string(name) + " must be a text", std::string("/") + name));
  return found->get<std::string>();
}

/// Answers with a token, which no cache may store.
Response with_token(const json& body) {
  Response response = json_response(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Task<Login::Given> by_password(std::shared_ptr<Login> login, const Request& request, const char* user_member) {
  auto body = read_json_object(request);
  if (!body) co_return tl::unexpected(body.error());
  auto user = text_of(*body, user_member);
  if (!user) co_return tl::unexpected(user.error());
  auto password = text_of(*body, "password");
  if (!password) co_return tl::unexpected(password.error());
  std::string address = request.peer;
  co_return co_await login->with_password(std::move(*user), std::move(*password), std::move(address),
                                          Login::Stay::days);
}

Task<Login::Given> by_link(std::shared_ptr<Login> login, const Request& request) {
  auto body = read_json_object(request);
  if (!body) co_return tl::unexpected(body.error());
  auto token = text_of(*body, "token");
  if (!token) co_return tl::unexpected(token.error());
  std::string address = request.peer;
  co_return co_await login->with_link(std::move(*token), std::move(address));
}

Task<void> sign_in_by_password(std::shared_ptr<Login> login, Exchange& exchange) {
  const auto given = co_await by_password(login, exchange.request, "user");
  Response response = given ? with_token(*given) : response_of(given.error(), ErrorShape::hub);
  co_await exchange.reply(std::move(response));
}

Task<void> sign_in_by_link(std::shared_ptr<Login> login, Exchange& exchange) {
  const auto given = co_await by_link(login, exchange.request);
  Response response = given ? with_token(*given) : response_of(given.error(), ErrorShape::hub);
  co_await exchange.reply(std::move(response));
}

/// In the shape of the Python hub, for its Spokes.
Task<void> sign_in_as_spokes_do(std::shared_ptr<Login> login, Exchange& exchange) {
  const auto given = co_await by_password(login, exchange.request, "username");
  json shown = json::object();
  if (given) {
    shown["access_token"] = text_member(*given, "access_token");
    shown["token_type"] = "bearer";
  }
  Response response = given ? with_token(shown) : response_of(given.error(), ErrorShape::spoke);
  co_await exchange.reply(std::move(response));
}

}  // namespace

std::vector<Route> account_routes(std::shared_ptr<Login> login) {
  std::vector<Route> routes;
  routes.push_back({"POST", "/api/v1/users/login", ErrorShape::hub,
                    [login](Exchange& exchange) { return sign_in_by_password(login, exchange); }});
  routes.push_back({"POST", "/api/v1/users/link", ErrorShape::hub,
                    [login](Exchange& exchange) { return sign_in_by_link(login, exchange); }});
  routes.push_back({"POST", "/api/users/login", ErrorShape::spoke,
                    [login](Exchange& exchange) { return sign_in_as_spokes_do(login, exchange); }});
  return routes;
}

}  // namespace strawberry::gateway
