/// `strawberryctl init`: makes a data directory with keys, database and admin token. Existing files are kept.
#include <CLI/App.hpp>
#include <iostream>
#include <vector>

#include "bridge/adapters/sqlite/database.h"
#include "cli/command_line.h"
#include "cli/text.h"
#include "common/identity/database_file.h"

namespace strawberry::cli {
namespace {

/// An admin token with less remaining lifetime is renewed.
constexpr std::chrono::hours admin_token_rest_min{24};

bool exists(const std::string& path) {
  std::error_code missing;
  return std::filesystem::exists(path, missing);
}

/// The later steps do not follow links either: this check fails before anything is made.
Outcome<void> refuse_links(const DataDir& dir, std::vector<std::string>&) {
  std::vector<std::string> files = files_of_database(dir.database());
  files.insert(files.end(), {dir.keys(), dir.admin_token()});
  for (const std::string& file : files) {
    if (const auto why = link_refusal(file); !why.empty()) return cli_error(ExitCode::local, printable(why, 400));
  }
  return {};
}

Outcome<void> create_keys(const DataDir& dir, std::vector<std::string>& done) {
  if (exists(dir.keys())) {
    auto keys = load_keys(dir);
    if (!keys) return tl::unexpected(keys.error());
    return {};
  }
  auto created = KeySet::create(dir.keys());
  if (!created) return cli_error(ExitCode::local, printable(created.error().message, 400));
  done.push_back("created " + dir.keys() + ", the keys that sign tokens");
  return {};
}

Outcome<void> create_database(const DataDir& dir, std::vector<std::string>& done) {
  const bool is_new = !exists(dir.database());
  auto migrated = bridge::migrate_database(dir.database());
  if (!migrated) return cli_error(ExitCode::local, printable(migrated.error().message, 400));
  if (is_new) done.push_back("created " + dir.database() + ", the hub's database");
  return {};
}

Outcome<void> create_admin_token(const DataDir& dir, std::vector<std::string>& done) {
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  const bool is_new = !exists(dir.admin_token());
  if (!is_new) {
    auto token = read_file(dir.admin_token());
    if (!token) return tl::unexpected(token.error());
    const WallTime soon = SystemClock().wall_now() + admin_token_rest_min;
    if (verify_token(*keys, without_line_end(*token), soon)) return {};
  }
  if (auto written = write_admin_token(dir, *keys); !written) return written;
  done.push_back((is_new ? "created " : "renewed ") + dir.admin_token() + ", " + admin_token_end(dir));
  return {};
}

/// A gateway token with less remaining lifetime is renewed.
constexpr std::chrono::hours gateway_token_rest_min{24 * 180};

/// `path`: in the data directory, or where the web door can read it.
Outcome<void> create_gateway_token(const DataDir& dir, const std::string& path, std::vector<std::string>& done) {
  if (const auto why = link_refusal(path); !why.empty()) return cli_error(ExitCode::local, printable(why, 400));
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  const bool is_new = !exists(path);
  if (!is_new) {
    auto token = read_file(path);
    if (!token) return tl::unexpected(token.error());
    const WallTime later = SystemClock().wall_now() + gateway_token_rest_min;
    const auto claims = verify_token(*keys, without_line_end(*token), later);
    if (claims && claims->principal.type == PrincipalType::gateway) return {};
  }
  if (auto written = write_gateway_token(path, *keys, path != dir.gateway_token()); !written) return written;
  done.push_back((is_new ? "created " : "renewed ") + path + ", with which the web door asks for logins");
  return {};
}

Outcome<void> init(const CommandLine& line, const std::string& gateway_token) {
  const DataDir dir = line.data_dir();
  std::vector<std::string> done;
  auto made = make_private_directory(dir.path);
  if (!made) return tl::unexpected(made.error());
  if (*made) done.push_back("created " + dir.path.string() + ", for your eyes only");
  auto patience = line.timeout();
  if (!patience) return tl::unexpected(patience.error());
  const auto lock = lock_directory(dir, *patience);
  if (!lock) return tl::unexpected(lock.error());
  for (const auto& step : {refuse_links, create_keys, create_database, create_admin_token}) {
    if (auto outcome = step(dir, done); !outcome) return outcome;
  }
  const std::string path = gateway_token.empty() ? dir.gateway_token() : gateway_token;
  if (auto made_token = create_gateway_token(dir, path, done); !made_token) return made_token;
  if (auto shared = share_with_group(dir); !shared) return shared;
  if (line.json) {
    std::cout << nlohmann::json{{"data_dir", dir.path.string()}, {"changed", done}}.dump() << "\n";
    return {};
  }
  if (done.empty()) std::cout << dir.path.string() << " is set up already; nothing changed\n";
  for (const std::string& act : done) std::cout << act << "\n";
  return {};
}

}  // namespace

void add_init_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, "init", "Create the data directory: keys, database, admin token",
                                  "strawberryctl init --data-dir ./var");
  auto gateway_token = std::make_shared<std::string>();
  command->add_option(
      "--gateway-token", *gateway_token,
      "Where the web door's own token goes, readable by the directory's group; default: gateway.token in "
      "the data directory");
  command->callback(
      [&line, gateway_token] { line.action = [&line, gateway_token] { return init(line, *gateway_token); }; });
}

}  // namespace strawberry::cli
