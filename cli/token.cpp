/// `strawberryctl token issue` (`token list` and `token revoke` are in files of their own): signs a token with the
/// hub's keys and puts it on the list before anybody sees it; no hub needs to run.
#include <unistd.h>

#include <CLI/App.hpp>
#include <iostream>
#include <set>

#include "bridge/adapters/sqlite/revoked_tokens.h"
#include "cli/command_line.h"
#include "cli/nearest.h"
#include "cli/text.h"
#include "cli/token_names.h"
#include "cli/token_times.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

struct TokenOptions {
  std::string device;
  std::string user;
  bool admin = false;
  bool enroll = false;
  std::string ttl = "30d";
  std::string name;
  bool replace = false;
  std::string output;
  std::string mosquitto;
};

Outcome<Who> whose(const CommandLine& line, const TokenOptions& options) {
  if (options.admin) {
    if (!options.device.empty() || !options.user.empty() || options.enroll) {
      return cli_error(ExitCode::usage, "--admin stands alone: leave out --device, --user and --enroll");
    }
    return admin();
  }
  if (is_reserved_id(options.user)) {
    return cli_error(ExitCode::usage, in_quotes(options.user) + " is an id of the hub's own: choose another user");
  }
  if (options.enroll) {
    if (options.user.empty() || !options.device.empty()) {
      return cli_error(ExitCode::usage, "--enroll needs --user, whose device is to be registered, and no --device");
    }
    return enroll(options.user);
  }
  if (!options.device.empty()) {
    auto directory = open_directory(line.data_dir());
    if (!directory) return tl::unexpected(directory.error());
    return device(**directory, options.device, options.user);
  }
  if (!options.user.empty()) {
    auto directory = open_directory(line.data_dir());
    if (!directory) return tl::unexpected(directory.error());
    // Device and user ids share one namespace: the token would speak for the device's topics.
    if ((*directory)->find(options.user) != nullptr) {
      return cli_error(ExitCode::usage, in_quotes(options.user) + " is a device: use --device");
    }
    return user(options.user);
  }
  return cli_error(ExitCode::usage, "say for whom: --device ID, --user USER, --admin, or --enroll --user USER");
}

/// What is put on the list: what the token says of itself.
IssuedToken row_of(const Claims& claims, const std::string& name) {
  IssuedToken row{token_row_of(claims, claims.kid)};
  row.name = name;
  return row;
}

/// The live tokens whose place it takes.
Outcome<std::vector<IssuedToken>> record(const DataDir& dir, const KeySet& keys, const IssuedToken& row, bool replace) {
  // Or a database would be made where no hub is.
  if (auto directory = open_directory(dir); !directory) return tl::unexpected(directory.error());
  auto namesakes = record_token(dir.database(), row, kids_of(keys), replace, to_unix_ms(SystemClock().wall_now()));
  if (!namesakes) return cli_error(ExitCode::local, printable(namesakes.error().message, 400));
  if (!namesakes->empty() && !replace) {
    return cli_error(ExitCode::usage, whose_token(namesakes->front()) + " has a token named " + in_quotes(row.name) +
                                          " already: --replace revokes that one; or choose another name");
  }
  return std::move(*namesakes);
}

/// A misspelt name makes a token for a user who has nothing.
std::string note_of_new_user(const DataDir& dir, const std::string& user_id) {
  const std::set<std::string> users = known_users(dir);
  if (user_id.empty() || users.contains(user_id)) return {};
  const std::string nearest = nearest_to(user_id, users);
  return "note: the user " + user_id + " is new" + (nearest.empty() ? "" : "; there is also " + nearest) + "\n";
}

/// What a client has to be told beside the token, on standard error: standard output is the token alone.
void tell_how_to_use(const Who& who, WallTime end) {
  std::cerr << "user name: " << who.principal.id << " (the token is the password)\n"
            << "valid until " << local_and_utc(end) << "\n";
}

/// `is_out`: somebody may have it, whatever came of the rest.
Outcome<void> deliver(const CommandLine& line, const TokenOptions& options, const Who& who, const Claims& claims,
                      const std::string& token, nlohmann::json result, bool& is_out) {
  if (!options.output.empty()) {
    auto written = write_secret_file(options.output, token + "\n", /*replace=*/false);
    if (!written) return written;
    is_out = true;
    result["token_file"] = options.output;
  }
  if (!options.mosquitto.empty()) {
    auto endpoint = line.endpoint();
    if (!endpoint) return tl::unexpected(endpoint.error());
    is_out = true;  // one of the three files may be written, and another not
    auto written = write_mosquitto_options(options.mosquitto, *endpoint, who.principal.id, token);
    if (!written) return written;
    result["mosquitto_options"] = options.mosquitto;
  }
  is_out = true;
  const bool prints_token = options.output.empty() && options.mosquitto.empty();
  if (prints_token) result["access_token"] = token;
  if (line.json) {
    std::cout << result.dump() << "\n";
  } else {
    if (prints_token) std::cout << token << "\n";
    for (const std::string& place : {options.output, options.mosquitto}) {
      if (place.empty()) continue;
      std::cout << "wrote " << place << ", a token for " << to_string(who.principal.type) << " " << who.principal.id
                << ", valid until " << local_and_utc(claims.expires_at) << "\n";
    }
  }
  std::cout.flush();
  if (!std::cout) return cli_error(ExitCode::local, "cannot write to standard output: there is no new token");
  if (prints_token && !line.json) tell_how_to_use(who, claims.expires_at);
  return {};
}

/// Of a token that was not handed over as it should: where it may be all the same, it is worth nothing. One that cannot
/// be revoked stays on the list, for whoever wants to try again.
void take_back(const DataDir& dir, const Claims& claims, const std::string& output, bool is_out) {
  const std::int64_t now = to_unix_ms(SystemClock().wall_now());
  if (is_out && !revoke_token(dir.database(), claims.jti, now, to_unix_ms(claims.expires_at))) return;
  (void)forget_token(dir.database(), claims.jti);  // if it stays, it is one more that nobody has
  if (is_out && !output.empty()) ::unlink(output.c_str());
}

Outcome<void> issue(const CommandLine& line, const TokenOptions& options) {
  auto lifetime = duration_of("--ttl", options.ttl);
  if (!lifetime) return tl::unexpected(lifetime.error());
  if (*lifetime < std::chrono::seconds(1)) return cli_error(ExitCode::usage, "--ttl: at least one second");
  if (auto good = check_token_name(options.name); !good) return good;
  if (options.replace && options.name.empty()) {
    return cli_error(ExitCode::usage, "--replace goes with --name, whose token is to be revoked");
  }
  auto who = whose(line, options);
  if (!who) return tl::unexpected(who.error());
  if (!options.name.empty()) who->name = options.name;
  const DataDir dir = line.data_dir();
  auto keys = load_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  const WallTime now = SystemClock().wall_now();
  auto token = sign(*keys, *who, *lifetime);
  if (!token) return tl::unexpected(token.error());
  const auto claims = verify_token(*keys, *token, now);
  if (!claims) return cli_error(ExitCode::local, "the hub's own keys do not vouch for the token they signed");

  const std::string note = line.json ? std::string() : note_of_new_user(dir, who->principal.user_id);
  auto replaced = record(dir, *keys, row_of(*claims, options.name), options.replace);
  if (!replaced) return tl::unexpected(replaced.error());
  nlohmann::json result{{"type", to_string(who->principal.type)},
                        {"id", who->principal.id},
                        {"user_name", who->principal.id},
                        {"jti", claims->jti},
                        {"expires_at", format_rfc3339(claims->expires_at)}};
  if (!options.name.empty()) result["name"] = options.name;
  if (options.replace) {
    auto& jtis = result["replaced"] = nlohmann::json::array();
    for (const IssuedToken& old : *replaced) jtis.push_back(old.jti);
  }
  bool is_out = false;
  if (auto delivered = deliver(line, options, *who, *claims, *token, std::move(result), is_out); !delivered) {
    take_back(dir, *claims, options.output, is_out);
    return delivered;
  }
  std::cerr << note;
  // The old one goes last: whatever fails before, its holder has a token that is good.
  for (const IssuedToken& old : *replaced) {
    auto revoked = revoke_token(dir.database(), old.jti, to_unix_ms(now), old.expires_at_ms);
    if (!revoked) {
      return cli_error(ExitCode::local, "the new token is good, but the old one could not be revoked: " +
                                            printable(revoked.error().message, 400));
    }
  }
  return {};
}

}  // namespace

void add_token_command(CLI::App& app, CommandLine& line) {
  CLI::App* token = add_command(app, "token", "Sign tokens, list them and take them back (offline)",
                                "strawberryctl token issue --user alice --name 'Home Assistant' --ttl 365d");
  token->require_subcommand(1);
  auto options = std::make_shared<TokenOptions>();
  CLI::App* command = add_command(*token, "issue", "Sign a token and print it",
                                  "strawberryctl token issue --device kitchen_tablet --ttl 90d --output tablet.token");
  command->add_option("--device", options->device, "For this device: its id, or its name");
  command->add_option("--user", options->user, "For this user; with --device or --enroll: whose device");
  command->add_flag("--admin", options->admin, "For an administrator");
  command->add_flag("--enroll", options->enroll, "Good for registering one device of --user, once");
  command->add_option("--ttl", options->ttl, "How long it is valid: 365d, 12h, 30m or 90s; default: 30d");
  command->add_option(
      "--name", options->name,
      "What it is for, to list and revoke it by; also the name in the token (default: the device's own)");
  command->add_flag("--replace", options->replace, "Revoke the one of the same holder that has this name now");
  command->add_option("--output", options->output, "Write it to this new file (mode 0600) and do not print it");
  command->add_option("--mosquitto", options->mosquitto,
                      "Write what mosquitto_sub and mosquitto_pub need to connect with it into this directory");
  command->callback([&line, options] { line.action = [&line, options] { return issue(line, *options); }; });
  add_token_list_command(*token, line);
  add_token_revoke_command(*token, line);
}

}  // namespace strawberry::cli
