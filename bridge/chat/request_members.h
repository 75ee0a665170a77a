/// What the readers of chat requests share. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "common/contract/error.h"

namespace strawberry::bridge {

/// Returns the error for a member of a request; `path` names it, as `/messages/0/content`.
inline tl::unexpected<Error> bad_member(std::string path, std::string message) {
  return error(ErrorCode::bad_request, std::move(message), {{"path", std::move(path)}});
}

/// Returns null when `object` has no such member, or null in it.
inline const nlohmann::json* value_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace strawberry::bridge
