/// The errors of the wire (docs/contract.md, section 3): a code, a sentence for people, and details for programs. The
/// sentence of `internal` only says that something failed; the log has the cause, under the correlation id.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace strawberry {

enum class ErrorCode {
  bad_request,
  unsupported_version,
  unknown_op,
  too_large,
  bad_response_topic,
  forbidden,
  not_found,
  ambiguous,
  device_offline,
  timeout,
  skill_error,
  busy,
  rate_limited,
  quota_exceeded,
  provider_error,
  provider_timeout,
  cancelled,
  already_done,
  shutting_down,
  internal,
};

inline constexpr std::array error_codes_all = {ErrorCode::bad_request,        ErrorCode::unsupported_version,
                                               ErrorCode::unknown_op,         ErrorCode::too_large,
                                               ErrorCode::bad_response_topic, ErrorCode::forbidden,
                                               ErrorCode::not_found,          ErrorCode::ambiguous,
                                               ErrorCode::device_offline,     ErrorCode::timeout,
                                               ErrorCode::skill_error,        ErrorCode::busy,
                                               ErrorCode::rate_limited,       ErrorCode::quota_exceeded,
                                               ErrorCode::provider_error,     ErrorCode::provider_timeout,
                                               ErrorCode::cancelled,          ErrorCode::already_done,
                                               ErrorCode::shutting_down,      ErrorCode::internal};

std::string_view to_string(ErrorCode code);
/// True when sending the same request again may succeed.
bool is_retryable(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  nlohmann::json details;  // null or an object
  std::string cause = {};  // for the log only: it may name files and quote SQL
};

/// The outcome of a request: the `result` of the envelope, or its `error`.
template <class T>
using Reply = tl::expected<T, Error>;

tl::unexpected<Error> error(ErrorCode code, std::string message, nlohmann::json details = nullptr);

/// Writes the `error` member of the envelope.
nlohmann::json to_json(const Error& error);

}  // namespace strawberry
