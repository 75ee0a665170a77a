#include "gateway/oauth/authorization.h"

#include "common/contract/role.h"
#include "common/text/ids.h"
#include "gateway/http/errors.h"
#include "gateway/http/json.h"
#include "gateway/hub/asking.h"
#include "gateway/oauth/metadata.h"
#include "gateway/oauth/parameters.h"
#include "gateway/oauth/redirects.h"
#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {
namespace {

using nlohmann::json;

constexpr std::size_t state_bytes_max = 2'048;
constexpr const char* authorize_path = "/oauth/authorize";
constexpr std::size_t next_bytes_max = 12 * 1024;
constexpr const char* no_link = "This is no login link.";

Response see_other(std::string where) {
  Response response;
  response.status = 303;
  response.content_type = "text/plain";
  response.headers.emplace_back("Location", std::move(where));
  return response;
}

/// Redirects back to the program with a code or an error; `iss` names the issuer (RFC 9207).
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

/// Returns the error of a request whose client and redirect are valid.
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
  if (!wanted_scopes(value_of(query, "scope")))
    return Objection{"invalid_scope", "scope must be of: " + write_scope(program_scopes)};
  return std::nullopt;
}

/// Returns the request's own target, to return to after the login.
std::string target_of(const Request& request) {
  std::string target = authorize_path;
  for (const auto& [name, value] : request.query) {
    const std::string key = with_parameter({}, "", name).substr(2);
    target = with_parameter(std::move(target), key, value);
  }
  return target;
}

Response ask_to_sign_in(const Request& request) {
  SignIn what;
  what.next = target_of(request);
  return sign_in_page(what);
}

/// Returns the token of a pasted login link; the text may also be the token alone.
std::string token_in(std::string text) {
  if (const std::size_t begin = text.find("token="); begin != std::string::npos) text = text.substr(begin + 6);
  text = text.substr(0, text.find_first_of("&# "));
  return text;
}

bool is_own_target(const std::string& next) {
  return next.starts_with(std::string(authorize_path) + "?") && next.size() <= next_bytes_max &&
         next.find_first_of("\r\n\\ ") == std::string::npos;
}

std::string said_of_link(const Problem& problem) {
  if (problem.status == 401 || problem.code == "forbidden")
    return "This login link is not good (any more): it works once, and for a few minutes. Have a new one made.";
  if (problem.status == 429) return "Too many attempts: wait a minute, and try again.";
  return "The hub cannot be asked now: try again in a moment.";
}

/// Returns the same text for a wrong password, an unknown user and a disabled one.
std::string said_of_password(const Problem& problem) {
  if (problem.status == 400) return "The password is longer than any that the hub takes.";
  if (problem.status == 401) return "The user or the password is wrong.";
  if (problem.status == 429) return "Too many attempts: wait a minute, and try again.";
  return "Nobody can sign in with a password now: try again in a moment, or use a login link.";
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
    // Documents of clients are fetched only for users who are signed in.
    co_return ask_to_sign_in(request);
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
  if (session.empty()) co_return ask_to_sign_in(request);
  if (const auto wrong = objection_to(query, wish)) co_return back_to(wish, "error", wrong->error, wrong->description);
  wish.scopes = wanted_scopes(value_of(query, "scope")).value_or(program_scopes);
  const Session* who = sessions_.open.find(session);
  if (who == nullptr) co_return ask_to_sign_in(request);
  Question question;
  question.user_id = who->user_id;
  question.client = wish.client;
  question.redirect_uri = wish.redirect_uri;
  question.scopes = wish.scopes & scopes_of(who->role);
  Ticket ticket;
  ticket.wish = std::move(wish);
  ticket.session = session;
  question.ticket = sessions_.tickets.put(std::move(ticket), question.user_id);
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
  // A ticket works once, and only in the session for which it was made.
  auto ticket = sessions_.tickets.take(value_of(*form, "ticket"));
  if (!ticket || ticket->session != session)
    return error_page("This question was answered before, or is too old: start again in the program.", 403);
  if (decision == "deny") return back_to(ticket->wish, "error", "access_denied", "the user did not allow it");
  const Wish wish = ticket->wish;
  return back_to(wish, "code", sessions_.codes.put(Grant{std::move(ticket->wish), signed_in}, signed_in.user_id));
}

Task<void> Authorization::show_login(Exchange& exchange) {
  const std::string token = value_of(exchange.request.query, "token");
  const auto claims = read_token_claims(token);
  const bool is_link = claims && claims->principal.type == PrincipalType::grant;
  SignIn what;
  if (!token.empty()) what.problem = no_link;
  Response response =
      is_link ? confirm_sign_in_page(token, claims->principal.user_id) : sign_in_page(what, token.empty() ? 200 : 400);
  co_await exchange.reply(std::move(response));
}

Task<void> Authorization::log_in(Exchange& exchange) {
  Response response = co_await sign_in(exchange.request);
  co_await exchange.reply(std::move(response));
}

Task<Response> Authorization::sign_in(const Request& request) {
  auto form = form_of(request);
  if (!form || !repeated(*form).empty()) co_return error_page("This is not the form of a sign-in page.");
  std::string next = value_of(*form, "next");
  if (!is_own_target(next)) next.clear();
  if (has(*form, "password")) co_return co_await sign_in_by_password(request, std::move(*form), std::move(next));
  co_return co_await sign_in_by_link(request, std::move(*form), std::move(next));
}

Task<Response> Authorization::sign_in_by_password(const Request& request, Fields form, std::string next) {
  std::string user = value_of(form, "user");
  std::string password = value_of(form, "password");
  form.clear();
  std::string address = request.peer;
  std::string typed = user.substr(0, id_bytes_max);
  // For the decision and the exchange of its code; what is good for days, the program gets.
  const auto given =
      co_await login_->with_password(std::move(user), std::move(password), std::move(address), Login::Stay::minutes);
  if (!given) {
    const unsigned status = given.error().status == 401 ? 403 : given.error().status;
    SignIn again{std::move(next), said_of_password(given.error()), std::move(typed)};
    Response refused = sign_in_page(again, status);
    const Response with_wait = response_of(given.error(), ErrorShape::hub);
    for (const auto& [name, value] : with_wait.headers) {
      if (name == "Retry-After") refused.headers.emplace_back(name, value);
    }
    co_return refused;
  }
  const json who = member(*given, "user");
  Session session;
  session.user_id = text_member(who, "user_id");
  session.token = text_member(*given, "access_token");
  session.role = parse_role(text_member(who, "role")).value_or(Role::member);
  co_return signed_in(request, std::move(session), std::move(next));
}

Task<Response> Authorization::sign_in_by_link(const Request& request, Fields form, std::string next) {
  const std::string token = token_in(value_of(form, "token"));
  const auto claims = read_token_claims(token);
  if (!claims || claims->principal.type != PrincipalType::grant) {
    const SignIn again{std::move(next), no_link, ""};
    co_return sign_in_page(again, 400);
  }
  std::string address = request.peer;
  auto link = co_await links_.get(token, std::move(address));
  if (!link) {
    const SignIn again{std::move(next), said_of_link(link.error()), ""};
    co_return sign_in_page(again, link.error().status == 401 ? 403 : link.error().status);
  }
  json question{{"op", "sign_in"}};
  auto given = co_await gateway::ask(loop_, *link, Service::devices, std::move(question));
  if (!given) {
    const SignIn again{std::move(next), said_of_link(given.error()), ""};
    co_return sign_in_page(again, given.error().status);
  }
  Session session;
  session.user_id = text_member(*given, "user_id");
  session.token = text_member(*given, "access_token");
  std::string its_token = session.token;
  std::string same_address = request.peer;
  session.role = co_await role_of(std::move(its_token), std::move(same_address));
  co_return signed_in(request, std::move(session), std::move(next));
}

Task<Role> Authorization::role_of(std::string token, std::string address) {
  auto link = co_await links_.get(std::move(token), std::move(address));
  if (!link) co_return Role::member;
  json question{{"op", "me"}};
  const auto who = co_await gateway::ask(loop_, *link, Service::users, std::move(question));
  co_return who ? parse_role(text_member(*who, "role")).value_or(Role::member) : Role::member;
}

Response Authorization::signed_in(const Request& request, Session session, std::string next) {
  Response response = next.empty() ? signed_in_page(session.user_id) : see_other(std::move(next));
  const bool is_secure = url_.of(request).starts_with("https:");
  const std::string user = session.user_id;
  const std::string secret = sessions_.open.put(std::move(session), user);
  response.headers.emplace_back("Set-Cookie",
                                cookie_name(request) + "=" + secret + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" +
                                    std::to_string(session_lifetime.count()) + (is_secure ? "; Secure" : ""));
  return response;
}

}  // namespace strawberry::gateway::oauth
