/// A handler for operations that a user's programs (devices/program_tokens.h) may not use, whatever the user may do:
/// with them a program could take over all data of the user.
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
