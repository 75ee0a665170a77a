/// strawberryctl's command line: the options that all commands share, and the functions that add the commands.
///
/// There is one file per command, named after it. Its add_…_command() describes the command to CLI11 and, if it was
/// chosen, sets CommandLine::action, which main() then runs.
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
  /// Returns the login to use instead of a token signed with the hub's keys; see choose_login().
  Outcome<std::optional<Login>> login() const;
  /// Returns --host, --port, --tls and --ca-file over the login's endpoint, or over the data directory's endpoint file.
  Outcome<Endpoint> endpoint() const;
  /// Applies those options to any endpoint: if one is given, the endpoint's Unix socket is not used.
  void change(Endpoint& endpoint) const;
  Outcome<std::chrono::milliseconds> timeout() const;
  /// For commands that write to the hub's files: as lock_directory(), with the patience of --timeout.
  Outcome<FileDescriptor> lock_data_dir() const;
};

/// Adds all commands except those with a library of their own (spoke/). `line` must outlive `app`.
void describe_command_line(CLI::App& app, CommandLine& line);

void add_init_command(CLI::App& app, CommandLine& line);
void add_device_command(CLI::App& app, CommandLine& line);
/// Adds subcommands of `device`.
void add_device_about_commands(CLI::App& device, CommandLine& line);
void add_quota_command(CLI::App& app, CommandLine& line);
void add_audit_command(CLI::App& app, CommandLine& line);
/// Adds subcommands of `user`.
void add_user_export_commands(CLI::App& app, CommandLine& line);
void add_key_command(CLI::App& app, CommandLine& line);
void add_token_command(CLI::App& app, CommandLine& line);
/// Adds a subcommand of `token`.
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

/// Parses the duration given to `option`. Errors name both: `--ttl 365: add a unit, such as 365d, 12h or 30m`.
Outcome<std::chrono::milliseconds> duration_of(const std::string& option, const std::string& text);

/// Selects the user or device that a command acts as: the login's, else the one of the options (identity.h).
Outcome<Who> choose_who(const CommandLine& line, const std::string& user_option, const std::string& device_option);

/// Returns the first members of a request by `who`: an admin, who acts for nobody, names the user.
nlohmann::json acting_for(const Who& who, const std::string& user_option);

/// Returns options for a connection as `who`, with the hub's endpoint and a new token for every connect. With a login
/// they are for its principal instead, and the hub decides what that may do.
Outcome<HubConnection::Options> connection_options(const CommandLine& line, const Who& who);

/// Connects as `who`, sends one request and returns its result.
Outcome<nlohmann::json> ask_hub(const CommandLine& line, const Who& who, Service service, nlohmann::json body);

/// Adds a command of this name whose help ends with `example`.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example);

}  // namespace strawberry::cli
