/// strawberryctl's command line: what every command shares, and where each command adds itself.
///
/// One file per command, named after it. Its add_…_command() describes it to CLI11 and, when it was the one chosen,
/// leaves in CommandLine::action what main() then runs.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/files.h"
#include "cli/hub_connection.h"
#include "cli/identity.h"
#include "cli/login.h"
#include "cli/outcome.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {

struct CommandLine {
  std::string data_dir_option;
  std::string connect;
  std::string token_file;
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_file;
  std::string timeout_option = "30s";
  bool json = false;
  std::function<Outcome<void>()> action;

  DataDir data_dir() const { return choose_data_dir(data_dir_option); }
  /// Whose token is used instead of one signed with the hub's keys; see choose_login().
  Outcome<std::optional<Login>> login() const;
  /// --host, --port, --tls and --ca-file over the login's endpoint, else over the data directory's endpoint file.
  Outcome<Endpoint> endpoint() const;
  /// Those options over any endpoint: with one of them, its Unix socket is not used.
  void change(Endpoint& endpoint) const;
  Outcome<std::chrono::milliseconds> timeout() const;
};

/// What strawberryctl understands, but for what has a library of its own (spoke/). `line` must outlive `app`.
void describe_command_line(CLI::App& app, CommandLine& line);

void add_init_command(CLI::App& app, CommandLine& line);
void add_device_command(CLI::App& app, CommandLine& line);
/// Below `device`.
void add_device_about_commands(CLI::App& device, CommandLine& line);
void add_quota_command(CLI::App& app, CommandLine& line);
void add_audit_command(CLI::App& app, CommandLine& line);
/// Below `user`.
void add_user_export_commands(CLI::App& app, CommandLine& line);
void add_key_command(CLI::App& app, CommandLine& line);
void add_token_command(CLI::App& app, CommandLine& line);
/// Below `token`.
void add_token_list_command(CLI::App& token, CommandLine& line);
void add_token_revoke_command(CLI::App& token, CommandLine& line);
void add_call_command(CLI::App& app, CommandLine& line);
void add_login_command(CLI::App& app, CommandLine& line);
void add_login_link_command(CLI::App& app, CommandLine& line);
void add_user_command(CLI::App& app, CommandLine& line);
void add_logout_command(CLI::App& app, CommandLine& line);
void add_chat_command(CLI::App& app, CommandLine& line);
void add_skills_command(CLI::App& app, CommandLine& line);
void add_doctor_command(CLI::App& app, CommandLine& line);
void add_tail_command(CLI::App& app, CommandLine& line);
void add_ready_command(CLI::App& app, CommandLine& line);
void add_backup_command(CLI::App& app, CommandLine& line);
void add_restore_command(CLI::App& app, CommandLine& line);

/// The duration that `option` was given. Errors name both: `--ttl 365: add a unit, such as 365d, 12h or 30m`.
Outcome<std::chrono::milliseconds> duration_of(const std::string& option, const std::string& text);

/// As whom a command speaks that is a user's or a device's: as the login says, else as the options do (identity.h).
Outcome<Who> choose_who(const CommandLine& line, const std::string& user_option, const std::string& device_option);

/// The members that a request of `who` begins with: an admin, who speaks for nobody, says for which user.
nlohmann::json acting_for(const Who& who, const std::string& user_option);

/// Options for a connection as `who`, with the hub's endpoint and a token signed anew for every connect. With a login
/// it is the login's principal instead, and the hub decides what that one may do.
Outcome<HubConnection::Options> connection_options(const CommandLine& line, const Who& who);

/// Connects as `who`, sends one request and returns its result.
Outcome<nlohmann::json> ask_hub(const CommandLine& line, const Who& who, Service service, nlohmann::json body);

/// A command of this name whose help ends with `example`.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example);

}  // namespace strawberry::cli
