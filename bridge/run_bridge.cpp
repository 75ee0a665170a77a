#include "bridge/run_bridge.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "bridge/app.h"
#include "bridge/config/config.h"
#include "common/identity/data_lock.h"
#include "common/runtime/asio.h"
#include "common/runtime/busy_poll.h"
#include "common/runtime/log.h"
#include "common/runtime/request_log.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

/// A chat that waits for a model holds a connection; the usual 1024 files would end there what the limits allow.
void allow_many_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) hub_log().debug("the bridge may not have more open files");
}

/// With more of them open, the loop sleeps as soon as there is nothing to do.
constexpr std::size_t calm_requests_max = 4;

LogOptions log_options(const Config& config) {
  return {config.log.level, config.log.format, static_cast<std::size_t>(config.limits.log_line_bytes_max),
          static_cast<std::uint64_t>(config.limits.log_lines_per_second_max)};
}

int refuse(const Failure& failure) {
  hub_log().critical("{}", failure.message);
  spdlog::shutdown();
  return 1;
}

/// The rest of the configuration is built into everything that runs.
void reload(const std::string& config_path, Config& current) {
  auto config = load_config(config_path, process_environment());
  if (!config) return hub_log().error("the log goes on as it is: {}", config.error().message);
  change_logging(log_options(*config));
  current.log = config->log;
  current.limits.log_line_bytes_max = config->limits.log_line_bytes_max;
  current.limits.log_lines_per_second_max = config->limits.log_lines_per_second_max;
  // Whoever sent the signal looks for this, whatever the level is now.
  hub_log().write(std::max(spdlog::level::info, spdlog::get_level()), "logs from {} on, {} lines{}", config->log.level,
                  config->log.format,
                  *config == current ? "" : "; what else has changed in the configuration holds from the next start");
}

void on_hangup(asio::signal_set& hangups, const std::string& config_path, Config& current) {
  hangups.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (cancelled) return;
    reload(config_path, current);
    on_hangup(hangups, config_path, current);
  });
}

}  // namespace

int check_bridge(const std::string& config_path) {
  const CheckedConfig checked = check_config(config_path, process_environment());
  for (const std::string& problem : checked.problems) std::cerr << printable(problem, 1'000) << "\n";
  if (!checked.problems.empty()) return 1;
  std::cout << (config_path.empty() ? "the configuration" : config_path) << " is good\n";
  return 0;
}

int run_bridge(const std::string& config_path) {
  ::umask(077);
  std::signal(SIGHUP, SIG_IGN);  // until there is something to reload
  start_logging(log_options(Config()));
  auto config = load_config(config_path, process_environment());
  if (!config) return refuse(config.error());
  change_logging(log_options(*config));
  const auto lock = DataLock::take(config->data.directory);  // two bridges would answer everything twice
  if (!lock) return refuse(lock.error());

  allow_many_connections();
  asio::io_context loop(1);
  auto app = App::create(loop, *config);
  if (!app) return refuse(app.error());

  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (!cancelled) (*app)->request_stop();
  });
  asio::signal_set hangups(loop, SIGHUP);
  on_hangup(hangups, config_path, *config);
  bool finished = false;
  asio::co_spawn(loop, (*app)->run(), [&](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    finished = true;
    loop.stop();
  });
  run_loop(loop, std::chrono::microseconds(config->broker.busy_poll_us),
           [&] { return (*app)->requests_in_flight() <= calm_requests_max; });
  finish_logging();
  hub_log().info("stopped");
  spdlog::shutdown();
  return finished ? 0 : 1;
}

}  // namespace strawberry::bridge
