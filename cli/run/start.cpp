/// The supervisor's start: the steps, in this order, until the hub serves.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "cli/identity.h"
#include "cli/run/supervisor.h"

namespace strawberry::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{10};  // between two checks of a file or a port that will appear soon

tl::unexpected<CliError> start_failed(std::string message) { return cli_error(ExitCode::refused, std::move(message)); }

bool is_readable(const FileDescriptor& fd) {
  pollfd state{fd.get(), POLLIN, 0};
  return ::poll(&state, 1, 0) > 0;
}

std::string first_line_of(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

}  // namespace

Task<Outcome<void>> Supervisor::start() {
  using Step = Task<Outcome<void>> (Supervisor::*)();
  static constexpr std::array<Step, 9> steps{
      &Supervisor::end_leftovers, &Supervisor::set_up,       &Supervisor::set_up_certificates,
      &Supervisor::start_broker,  &Supervisor::start_bridge, &Supervisor::write_clients,
      &Supervisor::start_gateway, &Supervisor::show_demo,    &Supervisor::show_dashboard};
  auto begin = steady_clock::now();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] == &Supervisor::start_broker) begin = steady_clock::now();
    if (steps[i] == &Supervisor::show_demo) show_ready(steady_clock::now() - begin);
    Outcome<void> outcome = co_await (this->*steps[i])();
    if (!outcome || stopping_) co_return outcome;
  }
  show_next_steps();
  co_return Outcome<void>{};
}

/// Ends processes of a run that was killed: they hold the database and the port.
Task<Outcome<void>> Supervisor::end_leftovers() {
  struct Kind {
    const Service* service;
    std::string program;
    Duration patience;
  };
  static constexpr std::array<int, 2> signals{SIGTERM, SIGKILL};
  const std::string broker = fs::path(installation_.broker).filename();
  std::vector<Kind> kinds;
  kinds.push_back(Kind{demo_.get(), "strawberry-demo", leftover_timeout});
  kinds.push_back(Kind{gateway_.get(), "strawberry-gateway", leftover_timeout});
  kinds.push_back(Kind{bridge_.get(), "strawberry-bridge", leftover_timeout});
  kinds.push_back(Kind{broker_.get(), broker, broker_saves_max});
  for (const Kind& kind : kinds) {
    const auto leftover = find_leftover(directory_, kind.service->name(), kind.program);
    for (const int signal : signals) {
      if (!leftover || is_readable(*leftover)) break;
      (void)::syscall(SYS_pidfd_send_signal, leftover->get(), signal, nullptr, 0);
      const auto deadline = steady_clock::now() + (signal == SIGTERM ? kind.patience : leftover_timeout);
      while (!is_readable(*leftover) && steady_clock::now() < deadline) {
        co_await pause(look_interval);
        if (stopping_) co_return Outcome<void>{};
      }
    }
    ::unlink(directory_.pid_file(kind.service->name()).c_str());
  }
  ::unlink(directory_.file("endpoint").c_str());
  ::unlink(directory_.file("http-endpoint").c_str());
  co_return Outcome<void>{};
}

Task<Outcome<void>> Supervisor::set_up() {
  auto socket = free_socket(directory_);
  if (!socket) co_return tl::unexpected(socket.error());
  socket_ = *socket;
  if (socket_.empty()) {
    say("No Unix socket, the path has more than " + std::to_string(broker_socket_bytes_max) + " bytes: " +
        directory_.file(std::string(broker_socket_name)) + " (with a shorter --data-dir, calls are faster)");
  }
  std::error_code failed;
  fs::create_directory(directory_.file("log"), failed);
  if (failed) co_return start_failed("cannot make " + directory_.file("log") + ": " + failed.message());
  Outcome<void> is_private = check_private(directory_);
  if (!is_private) co_return is_private;

  Words init{installation_.ctl, "--data-dir", directory_.path, "init"};
  const auto done = co_await command(std::move(init), command_timeout);
  if (!done) co_return Outcome<void>{};
  if (!done->success) co_return start_failed(done->error);
  if (directory_.is_new) {
    say("Created " + directory_.shown + ": keys, database, admin token (for your eyes only).");
  }
  for (const char* name : {"bridge.toml", "gateway.toml"}) {
    const std::string file = directory_.file(name);
    if (fs::exists(file, failed)) continue;
    fs::copy_file(installation_.patterns / name, file, failed);
    if (failed) co_return start_failed("cannot write " + file + ": " + failed.message());
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, failed);
  }
  co_return Outcome<void>{};
}

Task<Outcome<void>> Supervisor::set_up_certificates() {
  if (!options_.tls) co_return Outcome<void>{};
  const auto made = co_await make_certificates(/*ignore_names=*/false);
  if (!made) co_return Outcome<void>{};
  if (!made->success) co_return start_failed(made->error);
  if (!made->output.empty()) say(without_line_end(made->output));
  co_return Outcome<void>{};
}

Task<Outcome<void>> Supervisor::start_bridge() {
  Outcome<void> launched = launch(*bridge_);
  if (!launched) co_return launched;
  Words ready{installation_.ctl, "--data-dir", directory_.path,
              "ready",           "--timeout",  std::to_string(ready_timeout.count()) + "s"};
  std::function<bool()> one_has_ended = [this] { return !broker_->is_running() || !bridge_->is_running(); };
  const auto end = co_await command(std::move(ready), 2 * ready_timeout, std::move(one_has_ended));
  if (stopping_) co_return Outcome<void>{};
  for (const Service* service : {broker_.get(), bridge_.get()}) {
    if (!service->is_running()) {
      co_return failed(*service, "ended while starting (see above, and " + directory_.log(service->name()) + ")");
    }
  }
  if (!end || !end->success) co_return start_failed("the hub does not answer: " + (end ? end->error : std::string()));
  co_return Outcome<void>{};
}

/// Lets mosquitto_sub and mosquitto_pub log in as admin without a token that `ps` would show.
Task<Outcome<void>> Supervisor::write_clients() {
  Words issue{
      installation_.ctl, "--data-dir",  directory_.path,           "token", "issue", "--admin", "--name", "scripts/run",
      "--replace",       "--mosquitto", directory_.file("clients")};
  const auto issued = co_await command(std::move(issue), command_timeout);
  if (issued && !issued->success) co_return start_failed(issued->error);
  co_return Outcome<void>{};
}

/// The web door writes its address into the data directory.
Task<Outcome<void>> Supervisor::start_gateway() {
  if (!options_.http) co_return Outcome<void>{};
  Outcome<void> launched = launch(*gateway_);
  if (!launched) co_return launched;
  while (web_door_.empty()) {
    if (!gateway_->is_running()) {
      show_last_words(*gateway_);
      co_return start_failed("the web door did not start (see above, and " + directory_.log("gateway") + ")");
    }
    if (gateway_->age() > ready_timeout) {
      co_return start_failed("the web door does not open; see " + directory_.log("gateway"));
    }
    co_await pause(look_interval);
    if (stopping_) co_return Outcome<void>{};
    web_door_ = first_line_of(directory_.file("http-endpoint"));
  }
  const int port = std::stoi(web_door_.substr(web_door_.rfind(':') + 1));
  if (port != http_port_) {
    say("Port " + std::to_string(http_port_) + " is taken; the web door uses " + std::to_string(port) + ".");
  }
  http_port_ = port;
  co_return Outcome<void>{};
}

}  // namespace strawberry::cli
