#include "cli/mcp/mcp_command.h"

#include <unistd.h>

#include <CLI/App.hpp>
#include <csignal>

#include "cli/choices.h"
#include "cli/line_reader.h"
#include "cli/mcp/stdio_server.h"
#include "common/runtime/log.h"

namespace strawberry::cli {
namespace {

/// Lifetime of tokens that the command signs itself: long, since a stream that waits for changes ends with its token.
constexpr std::chrono::hours own_token_lifetime{12};
constexpr std::chrono::hours renew_before{1};

struct McpOptions {
  std::string user;
  std::string device;
  std::string tools = "auto";
};

/// Returns the login's current token; else one that the command signs itself and renews in time.
Outcome<std::function<std::string()>> tokens_of(const CommandLine& line, const Who& who) {
  auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  if (*login) return (*login)->token;
  auto keys = load_keys(line.data_dir());
  if (!keys) return tl::unexpected(keys.error());
  struct Kept {
    std::string token;
    std::chrono::steady_clock::time_point until{};
  };
  return [keys = std::move(*keys), who, kept = std::make_shared<Kept>()] {
    const auto now = std::chrono::steady_clock::now();
    if (now >= kept->until) {
      kept->token = sign(keys, who, own_token_lifetime).value_or(std::string());
      kept->until = now + own_token_lifetime - renew_before;
    }
    return kept->token;
  };
}

bool write_line(const std::string& line) {
  const std::string bytes = line + "\n";
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<std::size_t>(count);
  }
  return true;
}

Outcome<void> serve(const CommandLine& line, const McpOptions& options, const std::string& version) {
  auto who = choose_who(line, options.user, options.device);
  if (!who) return tl::unexpected(who.error());
  if (who->principal.type == PrincipalType::admin)
    return cli_error(ExitCode::usage, "an admin has no skills of their own: use a user's token, or --user");
  auto endpoint = line.endpoint();
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto token = tokens_of(line, *who);
  if (!token) return tl::unexpected(token.error());
  std::signal(SIGPIPE, SIG_IGN);
  StdioServer::Options server;
  server.broker.host = endpoint->host;
  server.broker.port = endpoint->port;
  server.broker.socket = {endpoint->socket, false};
  if (endpoint->tls) server.broker.tls = MosquittoClient::Tls{endpoint->ca_file, {}};
  server.token = std::move(*token);
  server.version = version;
  server.mode = options.tools;
  server.write = write_line;
  asio::io_context loop;
  LineReader reader(loop, nullptr, StdioServer::line_bytes_max);
  StdioServer stdio(loop, std::move(server));
  return run(loop, stdio.serve([&reader] { return reader.next(); }));
}

}  // namespace

void add_mcp_command(CLI::App& app, CommandLine& line, const std::string& version) {
  auto options = std::make_shared<McpOptions>();
  CLI::App* command = add_command(
      app, "mcp", "Serve the skills as tools of MCP on standard input and output, for an assistant that starts this",
      "strawberryctl mcp --user alice");
  command->add_option("--user", options->user, "As this user; default: the only one there is");
  command->add_option("--as-device", options->device, "As this device: its id, or its name");
  command
      ->add_option("--tools", options->tools,
                   "all: every skill is a tool; search: three tools to find and call them; auto: up to 40 all")
      ->check(CLI::IsMember({"auto", "all", "search"}));
  command->callback([&line, options, version] {
    line.action = [&line, options, version] { return serve(line, *options, version); };
  });
}

}  // namespace strawberry::cli
