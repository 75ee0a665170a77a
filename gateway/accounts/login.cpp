#include "gateway/accounts/login.h"

#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

/// The address under which failures count for the limit of refused tokens when the door's own token is refused.
constexpr const char* own_address = "web door";

}  // namespace

Task<Login::Given> Login::with_password(std::string user, std::string password, std::string address, Stay stay) {
  if (password.size() > password_bytes_max)
    co_return tl::unexpected(problem(400, "bad_request", "the password has more than 1024 bytes", "/password"));
  if (!is_valid_id(user)) co_return tl::unexpected(problem(401, "unauthorized", "the user or the password is wrong"));
  std::string own = own_token_.read();
  if (own.empty())
    co_return tl::unexpected(problem(503, "unavailable",
                                     "the web door has no token of its own, so nobody can sign in with a password "
                                     "(strawberryctl init makes one)"));
  auto link = co_await links_.get(std::move(own), own_address);
  if (!link) {
    const bool is_refused = link.error().status == 401;
    if (!is_refused) co_return tl::unexpected(link.error());
    co_return tl::unexpected(
        problem(503, "unavailable", "the hub refuses the web door's own token (strawberryctl init makes a new one)"));
  }
  json question{{"op", "login"}, {"user", std::move(user)}, {"password", std::move(password)}};
  if (!address.empty()) question["address"] = std::move(address);
  if (stay == Stay::minutes) question["stay"] = false;
  auto given = co_await ask(loop_, *link, Service::users, std::move(question));
  if (!given && given.error().code == "forbidden")
    co_return tl::unexpected(problem(401, "unauthorized", "the user or the password is wrong"));
  co_return given;
}

Task<Login::Given> Login::with_link(std::string token, std::string address) {
  const auto claims = read_token_claims(token);
  if (!claims || claims->principal.type != PrincipalType::grant)
    co_return tl::unexpected(problem(400, "bad_request", "this is no login link", "/token"));
  auto link = co_await links_.get(std::move(token), std::move(address));
  if (!link) co_return tl::unexpected(link.error());
  json question{{"op", "sign_in"}, {"stay", true}};
  auto given = co_await ask(loop_, *link, Service::devices, std::move(question));
  if (!given) {
    if (given.error().code != "forbidden") co_return tl::unexpected(given.error());
    co_return tl::unexpected(problem(401, "unauthorized", "the login link is not good (any more): it works once"));
  }
  json user{{"user_id", text_member(*given, "user_id")}};
  (*given)["user"] = std::move(user);
  given->erase("user_id");
  co_return given;
}

}  // namespace strawberry::gateway
