/// As whom a command speaks, and the short-lived tokens it signs for that with the hub's own keys.
///
/// Threading: one thread.   Errors: CliError; a missing or unreadable file is ExitCode::local, an unknown device or an
/// unclear user ExitCode::usage.
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

/// Tokens that only carry one connection of a command.
inline constexpr std::chrono::minutes session_token_lifetime{5};

Outcome<KeySet> load_keys(const DataDir& dir);
Outcome<std::unique_ptr<DeviceDirectory>> open_directory(const DataDir& dir);

/// Everybody who has an account, a device, revoked ones too, or a token on the list. Empty when that cannot be read.
std::set<std::string> known_users(const DataDir& dir);
/// Refuses a user whom nobody has heard of (ExitCode::usage), naming the nearest one. Where the hub's database is not
/// at hand, every user will do: the hub decides.
Outcome<void> check_user(const DataDir& dir, const std::string& id);

struct Who {
  Principal principal;
  std::string name;
  WallTime tokens_valid_from{};  // of a device: older tokens are dead
  Rights rights = {};            // of its token; all of them unless it says less
};
Who admin();
Outcome<Who> user(const std::string& id);
/// The right to register one device of this user, once.
Outcome<Who> enroll(const std::string& user_id);
/// The right to sign in as this user, once.
Outcome<Who> sign_in(const std::string& user_id);
/// The right to create the hub's first admin, once.
Who create_first_admin();
Outcome<Who> device(const DeviceDirectory& directory, const std::string& id_or_name, const std::string& user);
/// `device_option` if given, else `user_option`, else the one user who has devices.
Outcome<Who> choose_who(const DataDir& dir, const std::string& user_option, const std::string& device_option);

/// With a new `jti` when none is given.
Outcome<std::string> sign(const KeySet& keys, const Who& who, std::chrono::milliseconds lifetime,
                          const std::string& jti = {});
/// A new admin token, for 30 days, into the data directory; an old one's owner keeps the file.
Outcome<void> write_admin_token(const DataDir& dir, const KeySet& keys);
/// A token of the web door's own, for a year, into `path`: with which it asks for logins and nothing else.
/// `for_group`: the group of its directory may read it.
Outcome<void> write_gateway_token(const std::string& path, const KeySet& keys, bool for_group);
/// `valid until 2027-01-28 10:35 CET (…)`, of the admin token in the data directory.
std::string admin_token_end(const DataDir& dir);
/// What the admin token in the data directory says; nothing when there is none that is good.
std::optional<Claims> read_admin_token(const DataDir& dir, const KeySet& keys);
/// A token as it is read from a file.
std::string without_line_end(std::string text);

}  // namespace strawberry::cli
