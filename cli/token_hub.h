/// Tokens through a running hub: lists, issues and revokes them.
///
/// Threading: one thread; each function sends a request and waits.   Errors: CliError; ExitCode::unreachable when no
/// hub runs; nothing was done then unless CliError::is_sent.   Bounds: TokenQuery::limit; a thousand in each request.
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

/// Of a user, of a device by its id, or, with a type, of an admin or of a new device of the user.
struct TokenWish {
  std::string type;  // `admin`, `enroll` or empty
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

/// The `jti` of the first of the line that was revoked. `user_id`: whose token it is; empty for an admin's.
Outcome<std::string> revoke_through_hub(const CommandLine& line, const std::string& user_id, const std::string& jti);

struct AllRevoked {
  std::int64_t listed = 0;  // live ones that were on the list
  WallTime valid_from;      // tokens that are issued from then on are good
};
/// Everything issued for the user and their devices until now.
Outcome<AllRevoked> revoke_all_through_hub(const CommandLine& line, const std::string& user_id);

}  // namespace strawberry::cli
