#include "gateway/oauth/authorization.h"

#include "gateway/http/json.h"
#include "gateway/hub/asking.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/parameters.h"
#include "gateway/oauth/redirects.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;

constexpr std::size_t state_bytes_max = 2'048;
constexpr const char* authorize_path = "/oauth/authorize";
constexpr std::size_t next_bytes_max = 12 * 1024;

Response see_other(std::string where) {
  Response response;
  response.status = 303;
  response.content_type = "text/plain";
  response.headers.emplace_back("Location", std::move(where));
  return response;
}

/// Back to the program, with what it gets; `iss` says who answers (RFC 9207).
Response back_to(const Wish& wish, std::string_view name, std::string_view value, std::string_view description = {}) {
  std::string where = with_parameter(wish.redirect_uri, name, value);
  if (!description.empty()) where = with_parameter(std::move(where), "error_description", description);
  if (wish.has_state) where = with_parameter(std::move(where), "state", wish.state);
  return see_other(with_parameter(std::move(where), "iss", wish.issuer));
}

struct Objection {
  std::string error;
  std::string description;
};

/// What is wrong with a request whose client and redirect are good.
std::optional<Objection> objection_to(const Fields& query, const Wish& wish) {
  if (const std::string twice = repeated(query); !twice.empty())
    return Objection{"invalid_request", "a parameter is there twice"};
  if (value_of(query, "response_type") != "code")
    return Objection{"unsupported_response_type", "response_type must be code"};
  if (wish.challenge.empty()) return Objection{"invalid_request", "code_challenge is missing: PKCE is needed"};
  if (value_of(query, "code_challenge_method") != "S256")
    return Objection{"invalid_request", "code_challenge_method must be S256"};
  if (!is_s256_challenge(wish.challenge)) return Objection{"invalid_request", "code_challenge is no SHA-256"};
  if (has(query, "resource") && !is_own_resource(wish.resource, wish.issuer))
    return Objection{"invalid_target", "resource must be this door or its /mcp"};
  return std::nullopt;
}

/// The request's own target, to come back to.
std::string target_of(const Request& request) {
  std::string target = authorize_path;
  for (const auto& [name, value] : request.query) {
    const std::string key = with_parameter({}, "", name).substr(2);
    target = with_parameter(std::move(target), key, value);
  }
  return target;
}

/// A login link as it was pasted, or its token alone.
std::string token_in(std::string text) {
  if (const std::size_t begin = text.find("token="); begin != std::string::npos) text = text.substr(begin + 6);
  text = text.substr(0, text.find_first_of("&# "));
  return text;
}

bool is_own_target(const std::string& next) {
  return next.starts_with(std::string(authorize_path) + "?") && next.size() <= next_bytes_max &&
         next.find_first_of("\r\n\\ ") == std::string::npos;
}

std::string said_of(const Problem& problem) {
  if (problem.status == 401 || problem.code == "forbidden")
    return "This login link is not good (any more): it works once, and for a few minutes. Have a new one made.";
  if (problem.status == 429) return "Too many attempts: wait a minute, and try again.";
  return "The hub cannot be asked now: try again in a moment.";
}

}  // namespace

std::string Authorization::cookie_name(const Request& request) const {
  return url_.of(request).starts_with("https:") ? "__Host-strawberry-session" : "strawberry-session";
}

std::string Authorization::session_of(const Request& request) {
  const std::string wanted = cookie_name(request) + "=";
  std::string_view cookies = request.header("cookie");
  while (!cookies.empty()) {
    std::string_view one = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(one.size() + 1, cookies.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (!one.starts_with(wanted)) continue;
    std::string secret(one.substr(wanted.size()));
    return sessions_.open.find(secret) == nullptr ? std::string() : secret;
  }
  return {};
}

Task<void> Authorization::ask(Exchange& exchange) {
  Response response = co_await answer_to(exchange.request);
  co_await exchange.reply(std::move(response));
}

Task<Response> Authorization::answer_to(const Request& request) {
  const Fields& query = request.query;
  const std::string session = session_of(request);
  std::string client_id = value_of(query, "client_id");
  if (client_id.empty()) co_return error_page("The request names no client_id.");
  if (session.empty() && client_id.starts_with("https:")) {
    // Nobody's documents are fetched for somebody who is not signed in.
    co_return sign_in_page(target_of(request), "", 200);
  }
  Result<Client> client = co_await client_of_(std::move(client_id));
  if (!client) co_return error_page("The program that sent you here is not known: " + client.error().message + ".");
  Wish wish;
  wish.redirect_uri = value_of(query, "redirect_uri");
  if (!client->has_redirect(wish.redirect_uri))
    co_return error_page("The redirect_uri of the request is none that the program has registered.");
  wish.client = std::move(*client);
  wish.state = value_of(query, "state");
  wish.has_state = has(query, "state");
  wish.challenge = value_of(query, "code_challenge");
  wish.resource = value_of(query, "resource");
  wish.issuer = url_.of(request);
  if (wish.state.size() > state_bytes_max)
    co_return error_page("The request's state is longer than " + std::to_string(state_bytes_max) + " bytes.");
  if (session.empty()) co_return sign_in_page(target_of(request), "", 200);
  if (const auto wrong = objection_to(query, wish)) co_return back_to(wish, "error", wrong->error, wrong->description);
  const Session* who = sessions_.open.find(session);
  if (who == nullptr) co_return sign_in_page(target_of(request), "", 200);
  Question question;
  question.user_id = who->user_id;
  question.client = wish.client;
  question.redirect_uri = wish.redirect_uri;
  Ticket ticket;
  ticket.wish = std::move(wish);
  ticket.session = session;
  question.ticket = sessions_.tickets.put(std::move(ticket));
  co_return consent_page(question);
}

Task<void> Authorization::decide(Exchange& exchange) {
  Response response = decision_of(exchange.request);
  co_await exchange.reply(std::move(response));
}

Response Authorization::decision_of(const Request& request) {
  const auto form = form_of(request);
  if (!form) return error_page("This is not the form of a consent page.");
  const std::string session = session_of(request);
  const Session* who = session.empty() ? nullptr : sessions_.open.find(session);
  if (who == nullptr) return error_page("You are no longer signed in: go back to the program, and start again.", 403);
  const std::string decision = value_of(*form, "decision");
  if (decision != "allow" && decision != "deny") return error_page("The form has no decision.");
  const Session signed_in = *who;
  // Once, and by whom it was asked.
  auto ticket = sessions_.tickets.take(value_of(*form, "ticket"));
  if (!ticket || ticket->session != session)
    return error_page("This question was answered before, or is too old: start again in the program.", 403);
  if (decision == "deny") return back_to(ticket->wish, "error", "access_denied", "the user did not allow it");
  const Wish wish = ticket->wish;
  return back_to(wish, "code", sessions_.codes.put(Grant{std::move(ticket->wish), signed_in}));
}

Task<void> Authorization::show_login(Exchange& exchange) {
  const std::string token = value_of(exchange.request.query, "token");
  const auto claims = read_token_claims(token);
  const bool is_link = claims && claims->principal.type == PrincipalType::grant;
  Response response = is_link
                          ? confirm_sign_in_page(token, claims->principal.user_id)
                          : sign_in_page("", token.empty() ? "" : "This is no login link.", token.empty() ? 200 : 400);
  co_await exchange.reply(std::move(response));
}

Task<void> Authorization::log_in(Exchange& exchange) {
  Response response = co_await sign_in(exchange.request);
  co_await exchange.reply(std::move(response));
}

Task<Response> Authorization::sign_in(const Request& request) {
  const auto form = form_of(request);
  if (!form) co_return error_page("This is not the form of a sign-in page.");
  const std::string token = token_in(value_of(*form, "token"));
  std::string next = value_of(*form, "next");
  if (!is_own_target(next)) next.clear();
  const auto claims = read_token_claims(token);
  if (!claims || claims->principal.type != PrincipalType::grant)
    co_return sign_in_page(next, "This is no login link.", 400);
  std::string address = request.peer;
  auto link = co_await links_.get(token, std::move(address));
  if (!link)
    co_return sign_in_page(next, said_of(link.error()), link.error().status == 401 ? 403 : link.error().status);
  json question{{"op", "sign_in"}};
  auto given = co_await gateway::ask(loop_, *link, Service::devices, std::move(question));
  if (!given) co_return sign_in_page(next, said_of(given.error()), given.error().status);
  Session session;
  session.user_id = text_member(*given, "user_id");
  session.token = text_member(*given, "access_token");
  Response response = next.empty() ? signed_in_page(session.user_id) : see_other(std::move(next));
  const bool is_secure = url_.of(request).starts_with("https:");
  const std::string secret = sessions_.open.put(std::move(session));
  response.headers.emplace_back("Set-Cookie",
                                cookie_name(request) + "=" + secret + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" +
                                    std::to_string(session_lifetime.count()) + (is_secure ? "; Secure" : ""));
  co_return response;
}

}  // namespace strawberry::gateway::oauth
