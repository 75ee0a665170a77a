/// strawberry-bridge: reads its configuration, takes the data directory for itself, and runs the App until SIGTERM or
/// SIGINT. Exit codes: 0 stopped as asked, 1 could not start, 2 wrong usage.

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/signal_set.hpp>
#include <csignal>

#include "bridge/app.h"
#include "bridge/log.h"
#include "common/data_lock.h"

namespace {

using namespace strawberry;

/// A chat that waits for a model holds a connection; the usual 1024 files would end there what the limits allow.
void allow_many_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) spdlog::debug("the bridge may not have more open files");
}

int refuse(const Failure& failure) {
  spdlog::critical("{}", failure.message);
  spdlog::shutdown();
  return 1;
}

int run(const std::string& config_path) {
  ::umask(077);
  const Config defaults;
  start_logging(defaults.log.level, defaults.log.format, static_cast<std::size_t>(defaults.limits.log_line_bytes_max));
  auto config = load_config(config_path, process_environment());
  if (!config) return refuse(config.error());
  start_logging(config->log.level, config->log.format, static_cast<std::size_t>(config->limits.log_line_bytes_max));
  const auto lock = DataLock::take(config->data.directory);  // two bridges would answer everything twice
  if (!lock) return refuse(lock.error());

  allow_many_connections();
  asio::io_context loop(1);
  auto app = App::create(loop, *config);
  if (!app) return refuse(app.error());

  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const asio::error_code& cancelled, int) {
    if (!cancelled) (*app)->request_stop();
  });
  bool finished = false;
  asio::co_spawn(loop, (*app)->run(), [&](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    finished = true;
    loop.stop();
  });
  loop.run();
  spdlog::info("stopped");
  spdlog::shutdown();
  return finished ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App command("Strawberry Hub's bridge between MQTT devices and language models");
  std::string config_path;
  command.add_option("--config", config_path, "Configuration file (bridge.toml); defaults and environment when absent");
  command.set_version_flag("--version", STRAWBERRY_VERSION);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : 2;
  }
  return run(config_path);
}
