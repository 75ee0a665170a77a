#include "gateway/oauth/token_endpoint.h"

#include <algorithm>

#include "common/runtime/request_log.h"
#include "gateway/http/json.h"
#include "gateway/hub/asking.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/parameters.h"
#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;

Response failure(const char* error, const std::string& description, unsigned status = 400) {
  return json_response({{"error", error}, {"error_description", description}}, status);
}

/// Converts the hub's error in the exchange of a code or refresh token.
Response failure_of(const Problem& problem) {
  if (problem.status == 401 || problem.code == "forbidden")
    return failure("invalid_grant", "the hub does not take it (any more): ask the user again");
  // RFC 6749 has no code for these; the status tells them apart.
  Response response = response_of(problem, ErrorShape::hub);
  const unsigned status = problem.status < 500 && problem.status != 429 ? 503 : problem.status;
  Response made = failure("temporarily_unavailable", problem.message, status);
  made.headers = std::move(response.headers);
  return made;
}

}  // namespace

Task<void> TokenEndpoint::give(Exchange& exchange) {
  Response response = co_await answer_to(exchange.request);
  co_await exchange.reply(std::move(response));
}

Task<Response> TokenEndpoint::answer_to(const Request& request) {
  auto form = form_of(request);
  if (!form) co_return failure("invalid_request", "send a form: application/x-www-form-urlencoded");
  if (!repeated(*form).empty()) co_return failure("invalid_request", "a parameter is there twice");
  if (value_of(*form, "client_id").empty()) co_return failure("invalid_client", "client_id is missing");
  std::string issuer = url_.of(request);
  if (has(*form, "resource") && !is_own_resource(value_of(*form, "resource"), issuer))
    co_return failure("invalid_target", "resource must be this door or its /mcp");
  const std::string type = value_of(*form, "grant_type");
  std::string address = request.peer;
  if (type == "authorization_code")
    co_return co_await for_code(std::move(*form), std::move(issuer), std::move(address));
  if (type == "refresh_token")
    co_return co_await for_refresh_token(std::move(*form), std::move(issuer), std::move(address));
  if (type.empty()) co_return failure("invalid_request", "grant_type is missing");
  co_return failure("unsupported_grant_type", "grant_type must be authorization_code or refresh_token");
}

Task<TokenEndpoint::Given> TokenEndpoint::ask_hub(std::string token, std::string address, json question) {
  // A lost answer is requested again under the same id: the hub exchanges the token once, and a token that was revoked
  // meanwhile is refused. Each request of a client has an id of its own: otherwise a token that is presented a second
  // time would get the same answer.
  correlation_id_of(question);
  Given given = tl::unexpected(Problem());
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto link = co_await links_.get(token, address);
    if (!link) co_return tl::unexpected(link.error());
    json same = question;
    given = co_await ask(loop_, *link, Service::devices, std::move(same));
    const bool was_lost = !given && given.error().code == "timeout";
    if (!was_lost) break;
  }
  co_return given;
}

Response TokenEndpoint::tokens_of(const Given& given) const {
  if (!given) return failure_of(given.error());
  const std::string access = text_member(*given, "access_token");
  const auto claims = read_token_claims(access);
  if (!claims) return failure("server_error", "the hub gave no token", 502);
  const auto left = std::chrono::floor<std::chrono::seconds>(claims->expires_at - clock_.wall_now());
  return json_response({{"access_token", access},
                        {"token_type", "Bearer"},
                        {"expires_in", std::max<std::int64_t>(0, left.count())},
                        {"refresh_token", text_member(*given, "renewal_token")},
                        {"scope", text_member(*given, "scope")}});
}

Task<void> TokenEndpoint::end_program(std::string token, std::string address) {
  json question{{"op", "end_program"}};
  const Given ended = co_await ask_hub(std::move(token), std::move(address), std::move(question));
  if (!ended) hub_log().warn("a code was shown twice, and what it gave could not be revoked: {}", ended.error().code);
}

Task<Response> TokenEndpoint::for_code(Fields form, std::string issuer, std::string address) {
  const std::string code = value_of(form, "code");
  if (UsedCode* used = sessions_.used_codes.find(code)) {
    // Two clients have the code: the tokens of the first are revoked.
    used->was_shown_again = true;
    std::string given_before = used->access_token;
    if (!given_before.empty()) co_await end_program(std::move(given_before), std::move(address));
    co_return failure("invalid_grant", "the code was used before: the tokens that it gave are revoked");
  }
  auto grant = sessions_.codes.take(code);
  if (!grant) co_return failure("invalid_grant", "the code is not known, or has expired");
  sessions_.used_codes.put(code, UsedCode(), grant->session.user_id);
  const Wish& wish = grant->wish;
  if (wish.client.id != value_of(form, "client_id"))
    co_return failure("invalid_grant", "the code was given to another client");
  if (wish.redirect_uri != value_of(form, "redirect_uri"))
    co_return failure("invalid_grant", "redirect_uri is another than the code was asked with");
  if (!is_answer(value_of(form, "code_verifier"), wish.challenge))
    co_return failure("invalid_grant", "code_verifier does not fit the code_challenge");
  if (wish.issuer != issuer) co_return failure("invalid_grant", "the code was given at another address of this door");
  if (has(form, "resource") && !wish.resource.empty() && value_of(form, "resource") != wish.resource)
    co_return failure("invalid_target", "resource is another than the code was asked for");
  json question{{"op", "allow_program"}, {"name", wish.client.name}, {"client", client_mark(wish.client.id)}};
  question["scope"] = write_scope(wish.scopes);
  std::string token = grant->session.token;
  std::string same_address = address;
  const Given given = co_await ask_hub(std::move(token), std::move(same_address), std::move(question));
  UsedCode* used = sessions_.used_codes.find(code);
  if (given && used != nullptr) {
    used->access_token = text_member(*given, "access_token");
    if (used->was_shown_again) {
      std::string given_now = used->access_token;
      co_await end_program(std::move(given_now), std::move(address));
      co_return failure("invalid_grant", "the code was used twice at once: the tokens that it gave are revoked");
    }
  }
  co_return tokens_of(given);
}

Task<Response> TokenEndpoint::for_refresh_token(Fields form, std::string, std::string address) {
  std::string token = value_of(form, "refresh_token");
  const auto claims = read_token_claims(token);
  if (!claims || claims->principal.type != PrincipalType::grant)
    co_return failure("invalid_grant", "refresh_token is none of this hub");
  if (!claims->line.ends_with("-" + client_mark(value_of(form, "client_id"))))
    co_return failure("invalid_grant", "the refresh token was given to another client");
  json question{{"op", "renew_program"}};
  if (const std::string scope = value_of(form, "scope"); scope.find_first_not_of(' ') != std::string::npos) {
    // Checked before the hub is asked, so that the token is not used up (RFC 6749, section 6).
    const auto wanted = wanted_scopes(scope);
    if (!wanted || !wanted->is_within(claims->scopes))
      co_return failure("invalid_scope", "scope must be of those that the user has allowed");
    question["scope"] = write_scope(*wanted);
  }
  const Given given = co_await ask_hub(std::move(token), std::move(address), std::move(question));
  co_return tokens_of(given);
}

Task<void> TokenEndpoint::revoke(Exchange& exchange) {
  const auto form = form_of(exchange.request);
  std::string token = form ? value_of(*form, "token") : std::string();
  Response response = json_response(json::object());
  if (token.empty()) {
    response = failure("invalid_request", "send a form with the token: application/x-www-form-urlencoded");
  } else if (read_token_claims(token)) {
    std::string address = exchange.request.peer;
    json question{{"op", "end_program"}};
    const Given ended = co_await ask_hub(std::move(token), std::move(address), std::move(question));
    // A token that the hub refuses counts as revoked (RFC 7009, section 2.2).
    if (!ended && ended.error().status != 401) {
      response = ended.error().code == "forbidden"
                     ? failure("unsupported_token_type", "only the tokens of a program are revoked here")
                     : failure_of(ended.error());
    }
  }
  co_await exchange.reply(std::move(response));
}

}  // namespace strawberry::gateway::oauth
