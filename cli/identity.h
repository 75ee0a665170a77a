/// Selects the principal that a command acts as, and signs short-lived tokens for it with the hub's own keys.
///
/// Threading: one thread.   Errors: CliError; a missing or unreadable file is ExitCode::local, an unknown device or an
/// ambiguous user ExitCode::usage.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/files.h"
#include "cli/outcome.h"
#include "common/identity/device_directory.h"
#include "common/identity/keys.h"
#include "common/identity/token.h"

namespace strawberry::cli {

/// Lifetime of tokens for a single connection of a command.
inline constexpr std::chrono::minutes session_token_lifetime{5};

Outcome<KeySet> load_keys(const DataDir& dir);
Outcome<std::unique_ptr<DeviceDirectory>> open_directory(const DataDir& dir);

/// Returns all users who have an account, a device, even a revoked one, or a token on the list. Empty when unreadable.
std::set<std::string> known_users(const DataDir& dir);
/// Refuses an unknown user (ExitCode::usage), and suggests the nearest name. Without access to the hub's database every
/// user is accepted: the hub decides.
Outcome<void> check_user(const DataDir& dir, const std::string& id);

struct Who {
  Principal principal;
  std::string name;
  WallTime tokens_valid_from{};  // of a device: older tokens are invalid
  Rights rights = {};            // of its token; all rights unless limited
};
Who admin();
Outcome<Who> user(const std::string& id);
/// The permission to register one device of this user, once.
Outcome<Who> enroll(const std::string& user_id);
/// The permission to sign in as this user, once.
Outcome<Who> sign_in(const std::string& user_id);
/// The permission to create the hub's first admin, once.
Who create_first_admin();
Outcome<Who> device(const DeviceDirectory& directory, const std::string& id_or_name, const std::string& user);
/// Uses `device_option` if given, else `user_option`, else the only user who has devices.
Outcome<Who> choose_who(const DataDir& dir, const std::string& user_option, const std::string& device_option);

/// Makes a new `jti` when none is given.
Outcome<std::string> sign(const KeySet& keys, const Who& who, std::chrono::milliseconds lifetime,
                          const std::string& jti = {});
/// Writes a new admin token, valid for 30 days, into the data directory; an existing file keeps its owner.
Outcome<void> write_admin_token(const DataDir& dir, const KeySet& keys);
/// Writes a token for the web door, valid for a year, to `path`: the door may ask for logins with it and for nothing
/// else.
/// `for_group`: the group of its directory may read it.
Outcome<void> write_gateway_token(const std::string& path, const KeySet& keys, bool for_group);
/// Returns `valid until 2027-01-28 10:35 CET (…)` for the admin token in the data directory.
std::string admin_token_end(const DataDir& dir);
/// Reads the claims of the admin token in the data directory; nullopt when there is no valid one.
std::optional<Claims> read_admin_token(const DataDir& dir, const KeySet& keys);
/// Removes the line end of a token that was read from a file.
std::string without_line_end(std::string text);

}  // namespace strawberry::cli
