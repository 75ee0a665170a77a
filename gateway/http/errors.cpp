#include "gateway/http/errors.h"

#include <algorithm>
#include <array>

#include "common/contract/rights.h"
#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

struct Row {
  const char* code;
  unsigned status;
  unsigned status_when_it_may_have_run;
};
constexpr unsigned failed_dependency = 424;
constexpr unsigned client_closed_request = 499;  // from nginx; no standard defines one

constexpr std::array rows = {
    Row{"bad_request", 400, 400},
    Row{"unsupported_version", 400, 400},
    Row{"bad_response_topic", 400, 400},
    Row{"forbidden", 403, 403},
    Row{"not_found", 404, 404},
    Row{"unknown_op", 404, 404},
    Row{"too_large", 413, 413},
    Row{"ambiguous", 409, failed_dependency},
    Row{"device_offline", failed_dependency, failed_dependency},
    Row{"timeout", failed_dependency, failed_dependency},
    Row{"skill_error", failed_dependency, failed_dependency},
    Row{"already_done", failed_dependency, failed_dependency},
    Row{"busy", 429, failed_dependency},
    Row{"rate_limited", 429, failed_dependency},
    Row{"quota_exceeded", 429, failed_dependency},
    Row{"cancelled", client_closed_request, client_closed_request},
    Row{"internal", 500, failed_dependency},
    Row{"provider_error", 502, failed_dependency},
    Row{"shutting_down", 503, failed_dependency},
    Row{"unavailable", 503, failed_dependency},
    Row{"provider_timeout", 504, failed_dependency},
};

/// Returns OpenAI's name for the kind of error.
std::string openai_type(unsigned status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 404) return "not_found_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

json openai_body(const Problem& problem) {
  json parameter = nullptr;
  // A JSON Pointer into the request: OpenAI names its first member.
  if (const std::string path = problem.details.is_object() ? text_member(problem.details, "path") : "";
      path.size() > 1) {
    parameter = path.substr(1, path.find('/', 1) - 1);
  }
  return {{"error",
           {{"message", problem.message},
            {"type", openai_type(problem.status)},
            {"param", std::move(parameter)},
            {"code", problem.code}}}};
}

}  // namespace

unsigned status_of(const std::string& code, bool may_have_run) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& one) { return code == one.code; });
  if (row == rows.end()) return may_have_run ? failed_dependency : 500;
  return may_have_run ? row->status_when_it_may_have_run : row->status;
}

Problem problem(unsigned status, std::string code, std::string message, std::string path) {
  Problem made;
  made.status = status;
  made.code = std::move(code);
  made.message = std::move(message);
  if (!path.empty()) made.details = {{"path", std::move(path)}};
  return made;
}

Problem problem_of(const json& error, bool may_have_run) {
  Problem read;
  if (!error.is_object()) {
    read.code = "internal";
    read.message = "the hub's reply is not understood";
  } else {
    read.code = text_member(error, "code");
    read.message = text_member(error, "message");
    if (const auto details = error.find("details"); details != error.end()) read.details = *details;
  }
  read.status = status_of(read.code, may_have_run);
  return read;
}

std::string missing_scope(const Problem& problem) {
  if (problem.status != 403 || !problem.details.is_object() || text_member(problem.details, "reason") != "scope")
    return {};
  // `all` is required by operations that only unlimited tokens may use: no scope grants it.
  std::string scope = text_member(problem.details, "scope");
  return parse_scope(scope) ? scope : std::string();
}

std::string insufficient_scope(std::string_view scope) {
  return "Bearer error=\"insufficient_scope\", scope=\"" + std::string(scope) + "\"";
}

json body_of(const Problem& problem, ErrorShape shape) {
  if (shape == ErrorShape::openai) return openai_body(problem);
  if (shape == ErrorShape::spoke) return {{"detail", problem.message}};
  json error{{"code", problem.code}, {"message", problem.message}};
  if (!problem.details.is_null()) error["details"] = problem.details;
  return {{"error", std::move(error)}};
}

Response response_of(const Problem& problem, ErrorShape shape) {
  Response response;
  response.status = problem.status;
  response.body = to_text(body_of(problem, shape));
  if (problem.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (const std::string scope = missing_scope(problem); !scope.empty())
    response.headers.emplace_back("WWW-Authenticate", insufficient_scope(scope));
  if (problem.status == 429 || problem.status == 503) {
    const auto& details = problem.details;
    const json wait = details.is_object() ? details.value("retry_after_ms", json()) : json();
    const std::int64_t ms = wait.is_number_integer() ? wait.get<std::int64_t>() : 1'000;
    // What is used up for good is not to be had by waiting.
    if (problem.code == "quota_exceeded" && !wait.is_number_integer()) return response;
    response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, (ms + 999) / 1000)));
  }
  return response;
}

}  // namespace strawberry::gateway
