/// `strawberryctl login` and `logout`: stores a token and its hub's address, for commands on a machine without the
/// hub's keys.
#include <termios.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <filesystem>
#include <iostream>

#include "cli/command_line.h"
#include "cli/connect_directory.h"
#include "cli/text.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;

/// Reads all of standard input; at a terminal one line, without showing it.
Outcome<std::string> read_token_from_input() {
  termios before{};
  const bool is_terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (is_terminal) {
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::cerr << "token: " << std::flush;  // standard output is for programs, with --json
  }
  std::string token;
  std::getline(std::cin, token);
  if (is_terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << "\n";
  }
  token = without_line_end(std::move(token));
  if (token.empty() || token.size() > token_bytes_max) {
    return cli_error(ExitCode::usage,
                     "there is no token on standard input: paste one, or say --token-file FILE; on the "
                     "hub's machine 'strawberryctl token issue --user USER' makes one");
  }
  return token;
}

Task<Outcome<void>> try_out(HubConnection& hub) {
  Outcome<void> opened = co_await hub.open();
  co_await hub.close();
  co_return opened;
}

/// Also copies the CA's certificate, since its medium may be removed.
Outcome<void> keep(const std::string& directory, Endpoint endpoint, const std::string& id, const std::string& token) {
  auto made = make_private_directory(directory);
  if (!made) return tl::unexpected(made.error());
  if (!endpoint.ca_file.empty()) {
    auto certificate = read_file(endpoint.ca_file);
    if (!certificate) return tl::unexpected(certificate.error());
    endpoint.ca_file = fs::path(directory) / "ca.crt";
    auto written = write_secret_file(endpoint.ca_file, *certificate, /*replace=*/true);
    if (!written) return written;
  }
  return write_mosquitto_options(directory, endpoint, id, token);
}

Outcome<void> log_in(const CommandLine& line) {
  const std::string directory = login_directory();
  if (directory.empty()) return cli_error(ExitCode::local, "there is no home directory: set $HOME");
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  auto given = line.connect.empty() && line.token_file.empty() ? Outcome<std::optional<Login>>() : line.login();
  if (!given) return tl::unexpected(given.error());
  auto token = *given ? Outcome<std::string>((*given)->token()) : read_token_from_input();
  if (!token) return tl::unexpected(token.error());
  auto who = who_of(*token);
  if (!who) return cli_error(ExitCode::usage, "that is no token of a hub");
  HubConnection::Options options;
  if (*given && (*given)->endpoint) options.endpoint = *(*given)->endpoint;
  line.change(options.endpoint);
  options.who = *who;
  options.connect_timeout = *timeout;
  options.token = [token = *token] { return token; };
  const Endpoint endpoint = options.endpoint;

  asio::io_context loop;
  HubConnection hub(loop, std::move(options));
  Outcome<void> outcome = run(loop, try_out(hub));
  if (outcome) outcome = keep(directory, endpoint, who->principal.id, *token);
  if (!outcome) return outcome;
  const auto times = times_of(*token);
  if (line.json) {
    nlohmann::json said{{"type", to_string(who->principal.type)}, {"id", who->principal.id}, {"directory", directory}};
    if (times) said["expires_at"] = format_rfc3339(times->expires_at);
    std::cout << said.dump() << "\n";
    return {};
  }
  std::cout << "logged in as " << in_words(who->principal) << " at " << printable(endpoint.host, 200) << ":"
            << endpoint.port << (times ? ", until " + local_time(times->expires_at) : "") << "\n";
  std::error_code unknown;
  if (fs::exists(line.data_dir().keys(), unknown)) {
    std::cout << "note: " << line.data_dir().path.string()
              << " has a hub's own keys, which commands prefer here; --connect " << directory << " uses this login\n";
  }
  return {};
}

Outcome<void> log_out(const CommandLine& line) {
  const std::string directory = login_directory();
  bool was_there = false;
  if (!directory.empty()) {
    for (const char* name : {"mosquitto_sub", "mosquitto_pub", "mosquitto_rr", "ca.crt"}) {
      std::error_code failed;
      was_there |= fs::remove(fs::path(directory) / name, failed);
      if (failed)
        return cli_error(ExitCode::local, "cannot delete " + directory + "/" + name + ": " + failed.message());
    }
    std::error_code ignored;
    fs::remove(directory, ignored);  // stays if it contains other files
  }
  if (line.json) {
    std::cout << nlohmann::json{{"logged_out", was_there}}.dump() << "\n";
  } else {
    std::cout << (was_there ? "logged out; the token itself stays good until it ends or is revoked\n"
                            : "nobody was logged in\n");
  }
  return {};
}

}  // namespace

void add_login_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "login", "Keep a token for the commands on this machine, which needs none of the hub's files",
                  "strawberryctl login --host hub.local --tls --ca-file ca.crt --token-file alice.token");
  command->callback([&line] { line.action = [&line] { return log_in(line); }; });
}

void add_logout_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, "logout", "Forget what 'login' kept", "strawberryctl logout");
  command->callback([&line] { line.action = [&line] { return log_out(line); }; });
}

}  // namespace strawberry::cli
