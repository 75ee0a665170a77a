/// Tokens through a running hub: its list, new ones, and revoking them.
///
/// Threading: one thread; each asks and waits.   Errors: CliError; ExitCode::unreachable when no hub runs, and nothing
/// was done as far as is known.   Bounds: TokenQuery::limit; the hub's own, of which each request has a thousand.
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

/// As list_of_tokens() orders them.
Outcome<bridge::TokenList> hubs_tokens(const CommandLine& line, const bridge::TokenQuery& query);

/// Of a user, or of a device by its id.
struct TokenWish {
  std::string user_id;
  std::string device_id;
  std::string name;
  std::chrono::milliseconds lifetime{};
  std::string scope;  // empty: any
  std::vector<std::string> skills;
  bool replace = false;
};
/// The hub's answer to `users` `token`.
Outcome<nlohmann::json> issue_through_hub(const CommandLine& line, const TokenWish& wish);

/// The `jti` of the first of the line that was revoked.
Outcome<std::string> revoke_through_hub(const CommandLine& line, const std::string& user_id, const std::string& jti);

}  // namespace strawberry::cli
