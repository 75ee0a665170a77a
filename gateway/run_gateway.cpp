#include "gateway/run_gateway.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>

#include "common/runtime/asio.h"
#include "common/runtime/busy_poll.h"
#include "common/runtime/log.h"
#include "common/runtime/request_log.h"
#include "common/text/environment.h"
#include "common/text/printable.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

namespace strawberry::gateway {
namespace {

constexpr int ports_tried_max = 100;
constexpr std::size_t calm_requests_max = 4;  // above it the processor is better used for the requests than for polling

void allow_many_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

/// Writes the gateway's address, for people and for `strawberryctl`.
void write_endpoint(const std::string& path, const std::string& url) {
  if (path.empty()) return;
  const std::string draft = path + ".new";
  std::ofstream file(draft, std::ios::trunc);
  file << url << "\n";
  file.close();
  if (!file || ::rename(draft.c_str(), path.c_str()) != 0) {
    hub_log().warn("cannot write {}", path);
  }
}

std::string url_of(const GatewayConfig::Http& http, int port) {
  // When it listens on all addresses, the loopback address always works.
  const std::string address = http.address == "0.0.0.0" ? "127.0.0.1" : http.address == "::" ? "::1" : http.address;
  return (http.has_tls() ? "https://" : "http://") +
         (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" + std::to_string(port);
}

}  // namespace

int check_gateway(const std::string& config_path) {
  const CheckedGatewayConfig checked = check_gateway_config(config_path, process_environment());
  for (const std::string& problem : checked.problems) std::cerr << printable(problem, 1'000) << "\n";
  if (!checked.problems.empty()) return 1;
  std::cout << (config_path.empty() ? "the configuration" : config_path) << " is good\n";
  return 0;
}

int run_gateway(const Invocation& invocation) {
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  start_logging({"info", "human", 2'048, 20});
  const auto refuse = [](const std::string& why) {
    hub_log().critical("{}", why);
    return 1;
  };
  auto config = load_gateway_config(invocation.config_path, process_environment());
  if (!config) return refuse(config.error().message);
  if (invocation.port) config->http.port = *invocation.port;
  change_logging({config->log.level, config->log.format, 2'048, 20});
  allow_many_connections();

  std::unique_ptr<ServerTls> tls;
  if (config->http.has_tls()) {
    auto loaded = ServerTls::load({config->http.certificate_file, config->http.key_file});
    if (!loaded) return refuse(loaded.error().message);
    tls = std::move(*loaded);
  }

  asio::io_context loop(1);
  Gateway gateway(loop, *config, std::move(tls));
  const int first = static_cast<int>(config->http.port);
  std::string problem;
  for (int port = first; port <= std::min(first + ports_tried_max, 65'535); ++port) {
    problem = gateway.listen(config->http.address, static_cast<std::uint16_t>(port));
    if (problem.empty() || !invocation.next_free) break;
  }
  if (!problem.empty()) return refuse(problem);
  const std::string url = url_of(config->http, gateway.port());
  if (first != 0 && gateway.port() != first) hub_log().warn("port {} is taken", first);
  hub_log().info("the web door is at {}", url);
  const std::string endpoint_file = endpoint_file_of(*config);
  write_endpoint(endpoint_file, url);

  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (!cancelled) gateway.stop();
  });
  asio::signal_set reload(loop, SIGHUP);
  std::function<void()> wait_for_reload = [&] {
    reload.async_wait([&](const boost::system::error_code& cancelled, int) {
      if (cancelled) return;
      gateway.reload_certificate();
      wait_for_reload();
    });
  };
  wait_for_reload();
  run_loop(loop, std::chrono::microseconds(config->broker.busy_poll_us),
           [&] { return gateway.requests_under_way() <= calm_requests_max; });
  if (!endpoint_file.empty()) (void)::unlink(endpoint_file.c_str());
  finish_logging();
  hub_log().info("stopped");
  return 0;
}

}  // namespace strawberry::gateway
