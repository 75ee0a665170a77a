/// For whom a request acts: its sender's user, or the `user_id` that an admin names (docs/contract.md, section 7).
#pragma once

#include "bridge/pipeline/service.h"

namespace strawberry {

/// Fails with `forbidden` when somebody else than an admin names another user, `bad_request` when an admin names none.
inline Reply<std::string> acting_user(const Request& request) {
  const auto named = request.body.find("user_id");
  if (request.sender.type == PrincipalType::admin) {
    if (named == request.body.end())
      return error(ErrorCode::bad_request, "an admin says for whom: user_id is missing", {{"path", "/user_id"}});
    if (!named->is_string()) return error(ErrorCode::bad_request, "user_id must be a string", {{"path", "/user_id"}});
    return named->get<std::string>();
  }
  if (request.sender.user_id.empty()) return error(ErrorCode::forbidden, "the sender has no user");
  if (named != request.body.end() && *named != request.sender.user_id) {
    return error(ErrorCode::forbidden, "only an admin may act for another user");
  }
  return request.sender.user_id;
}

}  // namespace strawberry
