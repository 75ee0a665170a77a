#include "cli/run/run_command.h"

#include <CLI/App.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "cli/run/supervisor.h"

namespace strawberry::cli {
namespace {

constexpr std::uintmax_t log_bytes_limit = 999'999'999'999;
constexpr int log_files_limit = 100;

struct RunWords {
  RunOptions options;
  bool no_http = false;
  bool no_rate_limits = false;
  std::string listen;
  int wss_port = 0;
};

Outcome<RunOptions> chosen(const CommandLine& line, const RunWords& words) {
  RunOptions options = words.options;
  if (!line.tls && (!words.listen.empty() || words.wss_port != 0)) {
    return cli_error(ExitCode::usage,
                     "--listen and --wss-port go with --tls: without it, tokens would be readable on the way");
  }
  options.tls = line.tls;
  options.port = line.port != 0 ? line.port : line.tls ? tls_port_default : plain_port_default;
  options.http = !words.no_http;
  options.rate_limits = !words.no_rate_limits;
  if (words.wss_port != 0) options.wss_port = words.wss_port;
  if (!words.listen.empty()) options.listen = words.listen;
  if (!is_address(options.listen)) {
    return cli_error(ExitCode::usage, "--listen: an address of this machine, or 0.0.0.0, please");
  }
  options.data_dir = line.data_dir().path;
  while (options.data_dir.size() > 1 && options.data_dir.ends_with('/')) options.data_dir.pop_back();
  const auto is_control = [](unsigned char c) { return c < ' ' || c == '\x7f'; };
  if (std::any_of(options.data_dir.begin(), options.data_dir.end(), is_control)) {
    return cli_error(ExitCode::usage, "--data-dir: a path without control characters, please");
  }
  return options;
}

/// A signal that is already ignored, as after nohup, stays ignored.
void add_unless_ignored(asio::signal_set& signals, int number) {
  struct sigaction now {};
  if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) signals.add(number);
}

void stop_at(asio::signal_set& signals, Supervisor& supervisor) {
  signals.async_wait([&signals, &supervisor](const boost::system::error_code& cancelled, int) {
    if (cancelled) return;
    supervisor.request_stop();
    stop_at(signals, supervisor);
  });
}

Outcome<void> run_hub(const CommandLine& line, const RunWords& words) {
  auto options = chosen(line, words);
  if (!options) return tl::unexpected(options.error());
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  const char* search_path = std::getenv("PATH");
  auto installation = find_installation(program, search_path != nullptr ? search_path : "", options->demo);
  if (!installation) return tl::unexpected(installation.error());
  std::signal(SIGPIPE, SIG_IGN);  // the hub continues when its output has been closed
  asio::io_context loop(1);
  Supervisor supervisor(loop, std::move(*options), std::move(*installation));
  asio::signal_set signals(loop);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) add_unless_ignored(signals, number);
  stop_at(signals, supervisor);
  return run(loop, supervisor.run());
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
  auto words = std::make_shared<RunWords>();
  CLI::App* command =
      add_command(app, "run", "Run a whole hub on this machine: broker, bridge and web door, until Ctrl-C",
                  "strawberryctl run --data-dir ./var --tls\n\nExit codes: 0 stopped as asked, 1 something failed, 2 "
                  "wrong usage.");
  const CLI::Range port(1, port_max);
  command
      ->add_option("--data-dir", line.data_dir_option,
                   "Keys, database, tokens and logs, made when there are none; default: as for all commands")
      ->check([](const std::string& path) { return path.empty() ? "a directory, please" : ""; });
  command
      ->add_option("--port", line.port,
                   "The broker's port on 127.0.0.1; default: 1883, with --tls 8883; when taken, the next free one")
      ->check(port);
  command
      ->add_option("--http-port", words->options.http_port,
                   "The web door's port on 127.0.0.1; default: 8080; when taken, the next free one")
      ->check(port);
  command->add_flag("--no-http", words->no_http, "No web door");
  command->add_flag("--tls", line.tls,
                    "TLS for MQTT, MQTT over WebSocket and the web door, with a CA of the hub's own, instead of plain "
                    "TCP");
  command->add_option("--listen", words->listen,
                      "With --tls: where broker and web door listen, instead of 127.0.0.1; 0.0.0.0 lets every machine "
                      "connect");
  command
      ->add_option("--wss-port", words->wss_port,
                   "With --tls: the port for WebSocket; default: 8884; when taken, the next free one")
      ->check(port);
  command->add_flag("--demo", words->options.demo,
                    "Also a speaker and a tablet that show the hub at work; they are not in the package");
  command->add_flag("--no-rate-limits", words->no_rate_limits,
                    "Let every client publish as fast as it can, for measuring; one of them can then harm all others");
  command
      ->add_option("--log-bytes-max", words->options.logs.bytes_max,
                   "A log of broker, bridge or web door that is larger gives its lines to a file NAME.log.1; default: "
                   "16777216, 16 MiB")
      ->check(CLI::Range(std::uintmax_t{1}, log_bytes_limit));
  command
      ->add_option("--log-files-max", words->options.logs.files_max,
                   "How many files each log has in all, 1 to 100; default: 3")
      ->check(CLI::Range(1, log_files_limit));
  command->callback([&line, words] { line.action = [&line, words] { return run_hub(line, *words); }; });
}

}  // namespace strawberry::cli
