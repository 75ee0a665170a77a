/// What can be a password.
///
/// Pure function.
#pragma once

#include <optional>
#include <string>

#include "bridge/ports/passwords.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

/// Why it cannot be a password.
inline std::optional<Error> objection_to_password(const std::string& password, const char* path) {
  if (password.size() >= password_bytes_min && password.size() <= password_bytes_max) return std::nullopt;
  return Error{
      ErrorCode::bad_request,
      "a password has " + std::to_string(password_bytes_min) + " to " + std::to_string(password_bytes_max) + " bytes",
      {{"path", path}}};
}

}  // namespace strawberry::bridge
