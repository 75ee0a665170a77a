#include "common/contract/error.h"

#include <utility>

namespace strawberry {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request: return "bad_request";
    case ErrorCode::unsupported_version: return "unsupported_version";
    case ErrorCode::unknown_op: return "unknown_op";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::bad_response_topic: return "bad_response_topic";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::ambiguous: return "ambiguous";
    case ErrorCode::device_offline: return "device_offline";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::skill_error: return "skill_error";
    case ErrorCode::busy: return "busy";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::quota_exceeded: return "quota_exceeded";
    case ErrorCode::provider_error: return "provider_error";
    case ErrorCode::provider_timeout: return "provider_timeout";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::already_done: return "already_done";
    case ErrorCode::shutting_down: return "shutting_down";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

bool is_retryable(ErrorCode code) {
  switch (code) {
    case ErrorCode::device_offline:
    case ErrorCode::timeout:
    case ErrorCode::busy:
    case ErrorCode::rate_limited:
    case ErrorCode::quota_exceeded:
    case ErrorCode::provider_error:
    case ErrorCode::provider_timeout:
    case ErrorCode::shutting_down: return true;
    default: return false;
  }
}

tl::unexpected<Error> error(ErrorCode code, std::string message, nlohmann::json details) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(details)});
}

nlohmann::json to_json(const Error& error) {
  nlohmann::json json = {
      {"code", to_string(error.code)}, {"message", error.message}, {"retryable", is_retryable(error.code)}};
  if (error.details.is_object()) json["details"] = error.details;
  return json;
}

}  // namespace strawberry
