/// `/oauth/authorize` and `/oauth/login`, which a person's browser opens. A program's request becomes a question to a
/// user who has signed in, and the answer becomes a redirect with a code or an error (RFC 6749 section 4.1, RFC 7636,
/// 8707, 9207).
///
/// Before a login nothing redirects to another site: the door is no open redirector (RFC 9700, section 4.11).
///
/// Threading: loop only.   Lifetime: the door's.   Errors: pages; redirects with `error` once a user has signed in.
#pragma once

#include <functional>
#include <memory>

#include "gateway/accounts/login.h"
#include "gateway/http/exchange.h"
#include "gateway/http/public_url.h"
#include "gateway/hub/links.h"
#include "gateway/oauth/pages.h"
#include "gateway/oauth/sessions.h"

namespace strawberry::gateway::oauth {

class Authorization {
 public:
  /// Finds a client by its id, for which a document may have to be fetched.
  using FindClient = std::function<Task<Result<Client>>(std::string id)>;

  Authorization(asio::io_context& loop, Links& links, const PublicUrl& url, Sessions& sessions, FindClient client_of,
                std::shared_ptr<Login> login)
      : loop_(loop),
        links_(links),
        url_(url),
        sessions_(sessions),
        client_of_(std::move(client_of)),
        login_(std::move(login)) {}

  Task<void> ask(Exchange& exchange);         // GET  /oauth/authorize
  Task<void> decide(Exchange& exchange);      // POST /oauth/authorize
  Task<void> show_login(Exchange& exchange);  // GET  /oauth/login
  Task<void> log_in(Exchange& exchange);      // POST /oauth/login

 private:
  Task<Response> answer_to(const Request& request);
  Task<Response> sign_in(const Request& request);
  Task<Response> sign_in_by_password(const Request& request, Fields form, std::string next);
  Task<Response> sign_in_by_link(const Request& request, Fields form, std::string next);
  /// Returns the user's role, which limits what programs may get; a member's when the hub does not name it.
  Task<Role> role_of(std::string token, std::string address);
  /// Sets the cookie and redirects to the page that asked for the login.
  Response signed_in(const Request& request, Session session, std::string next);
  Response decision_of(const Request& request);
  /// Returns the secret of the request's session; empty when there is none.
  std::string session_of(const Request& request);
  std::string cookie_name(const Request& request) const;

  asio::io_context& loop_;
  Links& links_;
  const PublicUrl& url_;
  Sessions& sessions_;
  FindClient client_of_;
  std::shared_ptr<Login> login_;
};

}  // namespace strawberry::gateway::oauth
