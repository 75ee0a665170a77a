/// Tokens through a running hub: lists, issues and revokes them.
///
/// Threading: one thread; each function sends a request and waits.   Errors: CliError; ExitCode::unreachable when no
/// hub runs, after which probably nothing was done.   Bounds: TokenQuery::limit; a thousand in each request.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/issued_tokens.h"
#include "cli/command_line.h"
#include "cli/identity.h"
#include "cli/outcome.h"

namespace strawberry::cli {

/// In the order of list_of_tokens().
Outcome<bridge::TokenList> hubs_tokens(const CommandLine& line, const bridge::TokenQuery& query);

/// A request for a token of a user, or of a device by its id.
struct TokenWish {
  std::string user_id;
  std::string device_id;
  std::string name;
  std::chrono::milliseconds lifetime{};
  std::string scope;  // empty: any
  std::vector<std::string> skills;
  bool replace = false;
};
/// Returns the hub's answer to `users` `token`.
Outcome<nlohmann::json> issue_through_hub(const CommandLine& line, const TokenWish& wish);

/// Returns the `jti` of the first token of the revoked line.
Outcome<std::string> revoke_through_hub(const CommandLine& line, const std::string& user_id, const std::string& jti);

}  // namespace strawberry::cli
