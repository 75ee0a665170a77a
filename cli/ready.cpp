/// `strawberryctl ready`: waits until broker and bridge answer; for scripts and service managers.
#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>
#include <thread>

#include "cli/command_line.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause{50};
/// Requests before the bridge has subscribed are lost, so they are repeated: soon at first, for a hub that is just
/// starting, then with longer pauses for a busy one.
constexpr std::chrono::milliseconds patience_min{100};
constexpr std::chrono::milliseconds patience_max{3'000};

/// Asks the hub once. The connection's options are read anew each time: at a first start the keys are not there yet,
/// nor the file with the broker's address.
Outcome<void> try_once(const CommandLine& line, std::chrono::milliseconds rest, std::chrono::milliseconds patience) {
  auto options = connection_options(line, admin());
  if (!options) return tl::unexpected(options.error());
  options->services = {Service::devices};
  options->connect_timeout = std::max(std::min(rest, patience_max), pause);
  asio::io_context loop;
  HubConnection hub(loop, std::move(*options));
  const auto attempt = [](HubConnection& connection, std::chrono::milliseconds time) -> Task<Outcome<void>> {
    Outcome<void> outcome = co_await connection.open();
    if (outcome) {
      nlohmann::json body{{"op", "list"}};
      auto reply = co_await connection.request(Service::devices, std::move(body), time, nullptr);
      if (!reply) outcome = tl::unexpected(reply.error());
    }
    co_await connection.close();
    co_return outcome;
  };
  return run(loop, attempt(hub, std::min(rest, patience)));
}

/// Whether the hub may just be starting. One that finds the request already too old, or has too much to do, answers.
bool is_not_yet(const CliError& error) {
  return error.code == ExitCode::unreachable || error.code == ExitCode::local || error.hub_code == "timeout" ||
         error.hub_code == "busy";
}

Outcome<void> wait_until_ready(const CommandLine& line) {
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  const auto start = steady_clock::now();
  const auto deadline = start + *timeout;
  Outcome<void> last = cli_error(ExitCode::unreachable, "no time to try");
  for (auto patience = patience_min; steady_clock::now() < deadline; patience = std::min(patience * 2, patience_max)) {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    last = try_once(line, rest, patience);
    if (last || !is_not_yet(last.error())) break;
    std::this_thread::sleep_for(pause);
  }
  if (!last) return last;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count();
  if (line.json) {
    std::cout << nlohmann::json{{"ready", true}, {"waited_ms", took}}.dump() << "\n";
  } else {
    std::cout << "ready after " << took << " ms\n";
  }
  return last;
}

}  // namespace

void add_ready_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "ready", "Wait until the hub answers, at most --timeout", "strawberryctl ready --timeout 10s");
  command->callback([&line] { line.action = [&line] { return wait_until_ready(line); }; });
}

}  // namespace strawberry::cli
