#include "cli/command_line.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the hub answered with an error\n"
    "  2  the command line is wrong, or names something that does not exist\n"
    "  3  the broker or the hub cannot be reached\n"
    "  4  a local file cannot be used\n";

Task<Outcome<void>> ask(HubConnection& hub, Service service, nlohmann::json body, std::chrono::milliseconds timeout,
                        nlohmann::json& result) {
  const Outcome<void> opened = co_await hub.open();
  Outcome<nlohmann::json> reply = tl::unexpected(opened ? CliError{} : opened.error());
  if (opened) reply = co_await hub.request(service, std::move(body), timeout, nullptr);
  co_await hub.close();
  if (!reply) co_return tl::unexpected(reply.error());
  result = std::move(*reply);
  co_return Outcome<void>{};
}

}  // namespace

Outcome<std::optional<Login>> CommandLine::login() const {
  const char* environment = std::getenv("STRAWBERRY_TOKEN_FILE");
  LoginSources sources;
  sources.connect = connect;
  sources.token_file = token_file.empty() && environment != nullptr ? environment : token_file;
  sources.kept = login_directory();
  sources.data_dir = data_dir();
  sources.data_dir_is_given = !data_dir_option.empty() || std::getenv("STRAWBERRY_DATA_DIR") != nullptr;
  // A data directory on the command line selects its keys, even if the environment names a token.
  if (!data_dir_option.empty() && token_file.empty()) sources.token_file.clear();
  return choose_login(sources);
}

Outcome<Endpoint> CommandLine::endpoint() const {
  auto from = login();
  if (!from) return tl::unexpected(from.error());
  Endpoint endpoint;
  if (*from && (*from)->endpoint) {
    endpoint = *(*from)->endpoint;
  } else if (host.empty() || port == 0) {
    auto written = read_endpoint(data_dir());
    if (!written) return written;
    endpoint = *written;
  }
  change(endpoint);
  return endpoint;
}

void CommandLine::change(Endpoint& endpoint) const {
  if (!host.empty()) endpoint.host = host;
  if (port != 0) endpoint.port = port;
  if (tls || !ca_file.empty()) endpoint.tls = true;
  if (!ca_file.empty()) endpoint.ca_file = ca_file;
  // With an address of the broker on the command line, the Unix socket is not tried.
  if (!host.empty() || port != 0 || tls || !ca_file.empty()) endpoint.socket.clear();
}

Outcome<FileDescriptor> CommandLine::lock_data_dir() const {
  auto patience = timeout();
  if (!patience) return tl::unexpected(patience.error());
  return lock_directory(data_dir(), *patience);
}

Outcome<std::chrono::milliseconds> CommandLine::timeout() const { return duration_of("--timeout", timeout_option); }

Outcome<std::chrono::milliseconds> duration_of(const std::string& option, const std::string& text) {
  auto duration = parse_duration(text);
  if (!duration) {
    const std::string shown = text.empty() ? "''" : printable(text, 40);
    return cli_error(ExitCode::usage, option + " " + shown + ": " + duration.error().message);
  }
  return *duration;
}

void describe_command_line(CLI::App& app, CommandLine& line) {
  app.description("Commands for a Strawberry hub: set it up, add devices, call their skills, chat.");
  app.footer(std::string(exit_codes) + "\nExample: strawberryctl device add 'Kitchen Tablet' --user alice");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--data-dir", line.data_dir_option,
                 "Where the hub's keys and database are; default: $STRAWBERRY_DATA_DIR, else "
                 "/var/lib/strawberry for an installed strawberryctl, ./var for one built here");
  app.add_option("--connect", line.connect,
                 "Speak as the device or user whose token is in this directory, which 'device add --mosquitto', 'token "
                 "issue --mosquitto' or 'login' wrote, and not with the hub's own keys");
  app.add_option("--token-file", line.token_file,
                 "Speak with the token in this file (mode 0600); default: $STRAWBERRY_TOKEN_FILE. Without keys in the "
                 "data directory and without these two, what 'strawberryctl login' kept is used");
  app.add_option(
      "--host", line.host,
      "The broker's host; default: from DATA_DIR/endpoint, else 127.0.0.1. With none of --host, --port, --tls "
      "and --ca-file, the broker's Unix socket (DATA_DIR/broker.sock) is tried first");
  app.add_option("--port", line.port, "The broker's port; default: from DATA_DIR/endpoint, else 1883")
      ->check(CLI::Range(1, 65535));
  app.add_flag("--tls", line.tls, "Speak TLS and check the broker's certificate; default: from DATA_DIR/endpoint");
  app.add_option("--ca-file", line.ca_file,
                 "The CA of the broker's certificate (PEM), with --tls; default: DATA_DIR/tls/ca.crt when the endpoint "
                 "file says TLS, else the CAs this system trusts");
  app.add_option("--timeout", line.timeout_option, "How long to wait for an answer; default: 30s");
  app.add_flag("--json", line.json, "Print JSON, for programs");

  add_init_command(app, line);
  add_device_command(app, line);
  add_key_command(app, line);
  add_token_command(app, line);
  add_call_command(app, line);
  add_login_command(app, line);
  add_logout_command(app, line);
  add_login_link_command(app, line);
  add_user_command(app, line);
  add_chat_command(app, line);
  add_skills_command(app, line);
  add_tail_command(app, line);
  add_ready_command(app, line);
  add_doctor_command(app, line);
  add_backup_command(app, line);
  add_quota_command(app, line);
  add_audit_command(app, line);
  add_user_export_commands(app, line);
  add_restore_command(app, line);
}

Outcome<Who> choose_who(const CommandLine& line, const std::string& user_option, const std::string& device_option) {
  auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  if (!*login) return choose_who(line.data_dir(), user_option, device_option);
  auto fits = check_login(**login, user_option, device_option);
  if (!fits) return tl::unexpected(fits.error());
  return (*login)->who;
}

nlohmann::json acting_for(const Who& who, const std::string& user_option) {
  if (who.principal.type != PrincipalType::admin || user_option.empty()) return nlohmann::json::object();
  return {{"user_id", user_option}};
}

Outcome<HubConnection::Options> connection_options(const CommandLine& line, const Who& who) {
  auto endpoint = line.endpoint();
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  HubConnection::Options options;
  options.endpoint = std::move(*endpoint);
  options.connect_timeout = *timeout;
  if (*login) {
    options.who = (*login)->who;
    options.token = (*login)->token;
    return options;
  }
  auto keys = load_keys(line.data_dir());
  if (!keys) return tl::unexpected(keys.error());
  options.who = who;
  options.token = [keys = std::move(*keys), who] {
    return sign(keys, who, session_token_lifetime).value_or(std::string());
  };
  return options;
}

Outcome<nlohmann::json> ask_hub(const CommandLine& line, const Who& who, Service service, nlohmann::json body) {
  auto options = connection_options(line, who);
  if (!options) return tl::unexpected(options.error());
  options->services = {service};
  const std::chrono::milliseconds timeout = options->connect_timeout;
  asio::io_context loop;
  HubConnection hub(loop, std::move(*options));
  nlohmann::json result;
  Outcome<void> outcome = run(loop, ask(hub, service, std::move(body), timeout, result));
  if (!outcome) return tl::unexpected(outcome.error());
  return result;
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->footer("Example: " + example);
  return command;
}

}  // namespace strawberry::cli
