/// Errors as the clients of a route read them.
///
/// Pure functions. The statuses are those of docs/http.md: clients repeat 408, 409, 429 and 5xx by themselves, so
/// nothing that may have run has one of those.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "gateway/http/message.h"
#include "gateway/http/router.h"

namespace strawberry::gateway {

/// What the hub, or the gateway itself, has against a request.
struct Problem {
  Problem() = default;  // no aggregate: g++ 12 copies those badly into coroutines
  Problem(unsigned with_status, std::string with_code, std::string what, nlohmann::json more = nullptr)
      : status(with_status), code(std::move(with_code)), message(std::move(what)), details(std::move(more)) {}

  unsigned status = 500;
  std::string code;  // the hub's, or `unauthorized`, `method_not_allowed`, `not_found`, `too_large`, `unavailable`
  std::string message;
  nlohmann::json details = nullptr;
};

/// By code, with its usual status. For coroutines, in which g++ 12 cannot build a Problem beside a co_await.
Problem problem(unsigned status, std::string code, std::string message, std::string path = {});

/// Of the `error` member of a reply. `may_have_run`: a skill was called, or the request changed something, before.
Problem problem_of(const nlohmann::json& error, bool may_have_run);
unsigned status_of(const std::string& code, bool may_have_run);

nlohmann::json body_of(const Problem& problem, ErrorShape shape);
/// The scope that a limited token has not and would need; empty when that is not what is wrong.
std::string missing_scope(const Problem& problem);
/// How `WWW-Authenticate` says so (RFC 6750, section 3.1).
std::string insufficient_scope(std::string_view scope);
Response response_of(const Problem& problem, ErrorShape shape);

/// What a handler has to answer.
using Outcome = tl::expected<Response, Problem>;
inline Response response_of(const Outcome& outcome, ErrorShape shape) {
  return outcome ? *outcome : response_of(outcome.error(), shape);
}

}  // namespace strawberry::gateway
