/// `/oauth/token` and `/oauth/revoke`: exchange a program's code or refresh token for tokens of the hub, and revoke
/// them (RFC 6749 sections 4.1.3 and 6, RFC 7636, RFC 7009).
///
/// The hub makes, lists, renews and revokes the tokens (docs/contract.md, section 7); the door stores none. A code that
/// is used twice revokes the tokens that it gave; so does a refresh token, which the hub detects.
///
/// Threading: loop only.   Lifetime: the door's.   Errors: in the form of RFC 6749, section 5.2.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "gateway/http/exchange.h"
#include "gateway/http/public_url.h"
#include "gateway/hub/links.h"
#include "gateway/oauth/sessions.h"

namespace strawberry::gateway::oauth {

class TokenEndpoint {
 public:
  TokenEndpoint(asio::io_context& loop, const Clock& clock, Links& links, const PublicUrl& url, Sessions& sessions)
      : loop_(loop), clock_(clock), links_(links), url_(url), sessions_(sessions) {}

  Task<void> give(Exchange& exchange);    // POST /oauth/token
  Task<void> revoke(Exchange& exchange);  // POST /oauth/revoke

 private:
  using Given = tl::expected<nlohmann::json, Problem>;

  Task<Response> answer_to(const Request& request);
  Task<Response> for_code(Fields form, std::string issuer, std::string address);
  Task<Response> for_refresh_token(Fields form, std::string issuer, std::string address);
  Task<Given> ask_hub(std::string token, std::string address, nlohmann::json question);
  /// Revokes the tokens of a code that was presented twice.
  Task<void> end_program(std::string token, std::string address);
  Response tokens_of(const Given& given) const;

  asio::io_context& loop_;
  const Clock& clock_;
  Links& links_;
  const PublicUrl& url_;
  Sessions& sessions_;
};

}  // namespace strawberry::gateway::oauth
