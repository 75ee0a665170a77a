#include "cli/identity.h"

#include <algorithm>
#include <set>
#include <vector>

#include "bridge/adapters/sqlite/account_lookup.h"
#include "bridge/adapters/sqlite/issued_tokens.h"
#include "cli/known_devices.h"
#include "cli/nearest.h"
#include "cli/text.h"
#include "cli/token_times.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr const char* no_hub_here =
    ": run 'strawberryctl init', or say where the hub's data is with --data-dir; for a hub on another machine, "
    "'strawberryctl login'";

tl::unexpected<CliError> not_an_id(const std::string& text) {
  return cli_error(ExitCode::usage, in_quotes(text) + " is not an id: letters, digits, _ and -, at most 64");
}

}  // namespace

Outcome<KeySet> load_keys(const DataDir& dir) {
  std::error_code missing;
  if (!std::filesystem::exists(dir.keys(), missing)) {
    return cli_error(ExitCode::local, "there is no " + dir.keys() + no_hub_here);
  }
  auto keys = KeySet::load(dir.keys());
  if (!keys) return cli_error(ExitCode::local, printable(keys.error().message, 400));
  return std::move(*keys);
}

Outcome<std::unique_ptr<DeviceDirectory>> open_directory(const DataDir& dir) {
  std::error_code missing;
  if (!std::filesystem::exists(dir.database(), missing)) {
    return cli_error(ExitCode::local, "there is no " + dir.database() + no_hub_here);
  }
  auto directory = DeviceDirectory::open(dir.database(), {});
  if (!directory) return cli_error(ExitCode::local, printable(directory.error().message, 400));
  return std::move(*directory);
}

std::set<std::string> known_users(const DataDir& dir) {
  std::set<std::string> users;
  auto directory = open_directory(dir);
  if (!directory) return users;
  for (const DeviceRecord* record : (*directory)->all()) users.insert(record->user_id);
  if (auto listed = bridge::listed_users(dir.database())) users.merge(*listed);
  if (auto accounts = bridge::account_ids(dir.database())) users.merge(accounts->all);
  return users;
}

Outcome<void> check_user(const DataDir& dir, const std::string& id) {
  if (!is_valid_id(id)) return not_an_id(id);
  if (!open_directory(dir)) return {};
  const std::set<std::string> users = known_users(dir);
  if (users.contains(id)) return {};
  const std::string nearest = nearest_to(id, users);
  std::string hint = "add a device for one: strawberryctl device add NAME --user USER";
  if (!nearest.empty()) {
    hint = "did you mean " + in_quotes(nearest) + "?";
  } else if (!users.empty()) {
    hint = "the users are: " + first_of(users);
  }
  return cli_error(ExitCode::usage, "there is no user " + in_quotes(id) + ": " + hint);
}

Who admin() { return {{PrincipalType::admin, "admin", ""}, "strawberryctl"}; }

Outcome<Who> user(const std::string& id) {
  if (!is_valid_id(id)) return not_an_id(id);
  return Who{{PrincipalType::user, id, id}, "strawberryctl"};
}

Outcome<Who> enroll(const std::string& user_id) {
  if (!is_valid_id(user_id)) return not_an_id(user_id);
  Who who;
  who.principal = {PrincipalType::enroll, new_id(), user_id};
  return who;
}

Outcome<Who> sign_in(const std::string& user_id) {
  if (!is_valid_id(user_id)) return not_an_id(user_id);
  Who who;
  who.principal = {PrincipalType::grant, std::string(sign_in_id_prefix) + new_id(), user_id};
  return who;
}

Who create_first_admin() {
  Who who;
  who.principal = {PrincipalType::grant, std::string(operator_id_prefix) + new_id(), std::string(admin_principal_id)};
  return who;
}

Outcome<Who> device(const DeviceDirectory& directory, const std::string& id_or_name, const std::string& user) {
  auto found = find_device(known_devices(directory), id_or_name, user);
  if (!found) return tl::unexpected(found.error());
  if (!found->is_active)
    return cli_error(ExitCode::usage, "the device " + in_quotes(found->name) + " has been revoked");
  return Who{{PrincipalType::device, found->id, found->user}, found->name, found->tokens_valid_from};
}

Outcome<Who> choose_who(const DataDir& dir, const std::string& user_option, const std::string& device_option) {
  if (device_option.empty() && !user_option.empty()) {
    if (auto known = check_user(dir, user_option); !known) return tl::unexpected(known.error());
    return user(user_option);
  }
  auto directory = open_directory(dir);
  if (!directory) return tl::unexpected(directory.error());
  if (!device_option.empty()) return device(**directory, device_option, user_option);
  std::set<std::string> users;
  for (const DeviceRecord* record : (*directory)->all()) {
    if (record->is_active) users.insert(record->user_id);
  }
  if (users.size() == 1) return user(*users.begin());
  if (users.empty()) {
    return cli_error(ExitCode::usage,
                     "nobody has a device yet: add one ('strawberryctl device add NAME --user USER') or say --user");
  }
  return cli_error(ExitCode::usage, "the hub has several users, say --user with one of: " + first_of(users));
}

Outcome<std::string> sign(const KeySet& keys, const Who& who, std::chrono::milliseconds lifetime,
                          const std::string& jti) {
  // Right after a revocation the first good moment is up to a second away.
  const WallTime now = std::max(SystemClock().wall_now(), who.tokens_valid_from);
  Claims claims;
  claims.principal = who.principal;
  claims.name = who.name;
  claims.rights = who.rights;
  claims.issued_at = now;
  claims.expires_at = now + lifetime;
  claims.jti = jti.empty() ? new_id() : jti;
  auto token = issue_token(keys, claims);
  if (!token) return cli_error(ExitCode::local, "cannot sign a token: " + printable(token.error().message, 200));
  return std::move(*token);
}

Outcome<void> write_admin_token(const DataDir& dir, const KeySet& keys) {
  auto token = sign(keys, admin(), token_lifetime_default);
  if (!token) return tl::unexpected(token.error());
  std::error_code missing;
  if (!std::filesystem::exists(dir.admin_token(), missing)) {
    return write_secret_file(dir.admin_token(), *token + "\n", /*replace=*/false);
  }
  auto replaced = replace_private_file(dir.admin_token(), *token + "\n");
  if (!replaced) return cli_error(ExitCode::local, printable(replaced.error().message, 400));
  return {};
}

Outcome<void> write_gateway_token(const std::string& path, const KeySet& keys, bool for_group) {
  constexpr std::chrono::hours lifetime{24 * 365};
  const std::string id(gateway_principal_id);
  auto token = sign(keys, Who{{PrincipalType::gateway, id, ""}, "web door"}, lifetime);
  if (!token) return tl::unexpected(token.error());
  std::error_code failed;
  const bool is_there = std::filesystem::exists(path, failed);
  Outcome<void> written;
  if (!is_there) {
    written = write_secret_file(path, *token + "\n", /*replace=*/false);
  } else if (auto replaced = replace_private_file(path, *token + "\n"); !replaced) {
    written = cli_error(ExitCode::local, printable(replaced.error().message, 400));
  }
  if (!written || !for_group) return written;
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write | perms::group_read, failed);
  if (failed) return cli_error(ExitCode::local, "cannot let the web door read " + path + ": " + failed.message());
  return {};
}

std::string admin_token_end(const DataDir& dir) {
  const auto token = read_file(dir.admin_token());
  const auto times = token ? times_of(without_line_end(*token)) : std::nullopt;
  return times ? "valid until " + local_and_utc(times->expires_at) : "valid for 30 days";
}

std::optional<Claims> read_admin_token(const DataDir& dir, const KeySet& keys) {
  std::error_code missing;
  if (!std::filesystem::exists(dir.admin_token(), missing)) return std::nullopt;
  auto token = read_file(dir.admin_token());
  if (!token) return std::nullopt;
  auto claims = verify_token(keys, without_line_end(std::move(*token)), SystemClock().wall_now());
  if (!claims || claims->principal.type != PrincipalType::admin) return std::nullopt;
  return std::move(*claims);
}

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace strawberry::cli
