/// A handler for operations that a program which a user has allowed (devices/program_tokens.h) may not ask for,
/// whatever its user may: it would take everything of the user's with it.
#pragma once

#include <utility>

#include "bridge/pipeline/service.h"
#include "common/identity/token_line.h"

namespace strawberry::bridge {

inline Task<Reply<nlohmann::json>> refuse_program_of_user() {
  co_return error(ErrorCode::forbidden,
                  "a program that a user has allowed neither exports nor imports, and has no backups");
}

template <auto method>
Task<Reply<nlohmann::json>> unless_program(RequestHandler& service, Request request) {
  if (request.token && is_of_program(request.token->root())) return refuse_program_of_user();
  return handled_by<method>(service, std::move(request));
}

}  // namespace strawberry::bridge
