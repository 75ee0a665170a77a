/// `strawberryctl token issue` (and, in token_revoke.cpp, `token revoke`): signs a token with the hub's keys; no hub
/// needs to run.
#include <CLI/App.hpp>
#include <iostream>

#include "bridge/cli/command_line.h"
#include "bridge/cli/text.h"
#include "common/ids.h"

namespace strawberry::cli {
namespace {

struct TokenOptions {
  std::string device;
  std::string user;
  bool admin = false;
  bool enroll = false;
  std::string ttl = "30d";
  std::string name;
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

Outcome<void> issue(const CommandLine& line, const TokenOptions& options) {
  auto lifetime = parse_duration(options.ttl);
  if (!lifetime) return cli_error(ExitCode::usage, "--ttl: " + lifetime.error().message);
  if (*lifetime < std::chrono::seconds(1)) return cli_error(ExitCode::usage, "--ttl: at least one second");
  auto who = whose(line, options);
  if (!who) return tl::unexpected(who.error());
  if (!options.name.empty()) who->name = options.name;
  auto keys = load_keys(line.data_dir());
  if (!keys) return tl::unexpected(keys.error());
  const std::string jti = new_id();
  auto token = sign(*keys, *who, *lifetime, jti);
  if (!token) return tl::unexpected(token.error());

  nlohmann::json result{{"type", to_string(who->principal.type)},
                        {"id", who->principal.id},
                        {"jti", jti},
                        {"expires_at", format_rfc3339(SystemClock().wall_now() + *lifetime)}};
  if (!options.output.empty()) {
    auto written = write_secret_file(options.output, *token + "\n", /*replace=*/false);
    if (!written) return written;
    result["token_file"] = options.output;
  }
  if (!options.mosquitto.empty()) {
    auto endpoint = line.endpoint();
    if (!endpoint) return tl::unexpected(endpoint.error());
    auto written = write_mosquitto_options(options.mosquitto, *endpoint, who->principal.id, *token);
    if (!written) return written;
    result["mosquitto_options"] = options.mosquitto;
  }
  const bool prints_token = options.output.empty() && options.mosquitto.empty();
  if (prints_token) result["access_token"] = *token;
  if (line.json) {
    std::cout << result.dump() << "\n";
    return {};
  }
  if (prints_token) std::cout << *token << "\n";
  for (const std::string& place : {options.output, options.mosquitto}) {
    if (place.empty()) continue;
    std::cout << "wrote " << place << ", a token for " << to_string(who->principal.type) << " " << who->principal.id
              << "\n";
  }
  return {};
}

}  // namespace

void add_token_command(CLI::App& app, CommandLine& line) {
  CLI::App* token =
      add_command(app, "token", "Sign tokens and take them back (offline)", "strawberryctl token issue --user alice");
  token->require_subcommand(1);
  auto options = std::make_shared<TokenOptions>();
  CLI::App* command = add_command(*token, "issue", "Sign a token and print it",
                                  "strawberryctl token issue --device kitchen_tablet --ttl 90d --output tablet.token");
  command->add_option("--device", options->device, "For this device: its id, or its name");
  command->add_option("--user", options->user, "For this user; with --device or --enroll: whose device");
  command->add_flag("--admin", options->admin, "For an administrator");
  command->add_flag("--enroll", options->enroll, "Good for registering one device of --user, once");
  command->add_option("--ttl", options->ttl, "How long it is valid; default: 30d");
  command->add_option("--name", options->name, "The name in the token; default: the device's own");
  command->add_option("--output", options->output, "Write it to this new file (mode 0600) and do not print it");
  command->add_option("--mosquitto", options->mosquitto,
                      "Write what mosquitto_sub and mosquitto_pub need to connect with it into this directory");
  command->callback([&line, options] { line.action = [&line, options] { return issue(line, *options); }; });
  add_token_revoke_command(*token, line);
}

}  // namespace strawberry::cli
