/// Errors in the shapes that the clients of the routes expect.
///
/// Pure functions. The statuses are those of docs/http.md: clients repeat 408, 409, 429 and 5xx automatically, so no
/// request that may have run gets one of those.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "gateway/http/message.h"
#include "gateway/http/router.h"

namespace strawberry::gateway {

/// An error of the hub, or of the gateway itself, in answer to a request.
struct Problem {
  Problem() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  Problem(unsigned with_status, std::string with_code, std::string what, nlohmann::json more = nullptr)
      : status(with_status), code(std::move(with_code)), message(std::move(what)), details(std::move(more)) {}

  unsigned status = 500;
  std::string code;  // the hub's, or `unauthorized`, `method_not_allowed`, `not_found`, `too_large`, `unavailable`
  std::string message;
  nlohmann::json details = nullptr;
};

/// Makes a Problem by code, with the code's usual status. For coroutines: g++ 12 cannot build a Problem beside
/// co_await.
Problem problem(unsigned status, std::string code, std::string message, std::string path = {});

/// Reads the `error` member of a reply. `may_have_run`: a skill was called, or the request changed something, before.
Problem problem_of(const nlohmann::json& error, bool may_have_run);
unsigned status_of(const std::string& code, bool may_have_run);

nlohmann::json body_of(const Problem& problem, ErrorShape shape);
/// Returns the scope that the token lacks; empty when the problem is another one.
std::string missing_scope(const Problem& problem);
/// Returns the challenge of `WWW-Authenticate` for a missing scope (RFC 6750, section 3.1).
std::string insufficient_scope(std::string_view scope);
Response response_of(const Problem& problem, ErrorShape shape);

/// The result of a handler.
using Outcome = tl::expected<Response, Problem>;
inline Response response_of(const Outcome& outcome, ErrorShape shape) {
  return outcome ? *outcome : response_of(outcome.error(), shape);
}

}  // namespace strawberry::gateway
