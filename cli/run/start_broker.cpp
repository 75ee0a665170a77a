/// Starts the broker: on free ports, with a configuration made for them.
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/ports.h"
#include "cli/run/broker_settings.h"
#include "cli/run/log_file.h"
#include "cli/run/supervisor.h"
#include "common/text/file_descriptor.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr std::chrono::milliseconds port_interval{10};
/// Two hubs that start at the same moment may see the same free port; one of them then loses it.
constexpr std::chrono::milliseconds port_lost_after{20};
/// After this time a port that answers is taken for the broker's, even if the owner of the socket cannot be found.
constexpr std::chrono::seconds port_sure_after{5};
constexpr std::chrono::seconds certificate_shown_timeout{10};

tl::unexpected<CliError> no_free_port(int wanted, const std::string& option) {
  return cli_error(ExitCode::refused,
                   "no free port from " + std::to_string(wanted) + " on: choose another with " + option);
}

constexpr std::size_t pattern_bytes_max = 64 * 1024;

std::string text_of(const std::filesystem::path& path) { return read_file_text(path, pattern_bytes_max).value_or(""); }

/// Without this, Mosquitto run by root would become user mosquitto, who may not read the keys.
std::string own_user() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

}  // namespace

/// Returns false when there are none from `from` on.
Outcome<bool> Supervisor::choose_ports(int from) {
  const auto is_taken = [this](int port) { return accepts_connections(host_, port); };
  const auto port = next_free_port(options_.port, from, is_taken);
  if (!port) return false;
  port_ = *port;
  if (!options_.tls) return true;
  const auto wss_port = next_free_port(options_.wss_port, options_.wss_port,
                                       [&](int other) { return other == port_ || is_taken(other); });
  if (!wss_port) return no_free_port(options_.wss_port, "--wss-port");
  wss_port_ = *wss_port;
  return true;
}

Outcome<void> Supervisor::write_broker_settings() {
  BrokerSettings settings;
  settings.port = port_;
  if (options_.tls) settings.wss_port = wss_port_;
  settings.listen = options_.listen;
  settings.data_dir = directory_.path;
  settings.plugin = installation_.plugin;
  settings.user = own_user();
  settings.socket = !socket_.empty();
  settings.rate_limits = options_.rate_limits;
  const auto text = broker_settings_text(text_of(installation_.patterns / "mosquitto.conf"),
                                         text_of(installation_.patterns / "mosquitto-tls.conf"), settings);
  if (!text) return cli_error(ExitCode::refused, text.error().message);
  const std::string path = directory_.file("mosquitto.conf");
  std::ofstream file(path, std::ios::trunc);
  if (!(file << *text << std::flush)) return cli_error(ExitCode::refused, "cannot write " + path);
  return {};
}

Outcome<void> Supervisor::write_endpoint() {
  const std::string path = directory_.file("endpoint");
  const std::string text = host_ + " " + std::to_string(port_) + (options_.tls ? " tls" : "") + "\nsocket " +
                           (socket_.empty() ? std::string(broker_socket_off) : socket_) + "\n";
  // As a whole: 'strawberryctl ready' may already be waiting for it.
  if (put_private_file(path, text, /*replaces=*/true)) return {};
  return cli_error(ExitCode::refused, "cannot write " + path + ": " + std::strerror(errno));
}

/// With TLS, asks the WebSocket port, which opens last; also because a port with TLS logs an error for each mere
/// connect. Who answers there is found out later, by the certificate (serves_wss()). Without TLS an answer counts when
/// it is the broker's own: another hub that starts at this moment may have taken the port.
bool Supervisor::answers() const {
  if (options_.tls) return accepts_connections(host_, wss_port_);
  if (!accepts_connections(host_, port_)) return false;
  const std::filesystem::path process = "/proc/" + std::to_string(broker_->pid());
  // A broker with capabilities of its own does not show its files; one that lost its port has ended after a while.
  return has_one_of(process, listening_sockets(static_cast<std::uint16_t>(port_))).value_or(true) ||
         broker_->age() > port_sure_after;
}

/// Returns false when it takes too long.
Task<bool> Supervisor::opens_its_ports() {
  while (broker_->is_running() && !stopping_ && !answers()) {
    if (broker_->age() > ready_timeout) co_return false;
    co_await pause(port_interval);
  }
  if (broker_->is_running() && !stopping_) co_await pause(port_lost_after);
  co_return true;
}

/// True when the port shows our certificate.
Task<bool> Supervisor::serves_wss() {
  if (!options_.tls) co_return true;
  Words look{"openssl",
             "s_client",
             "-connect",
             shown_host(host_) + ":" + std::to_string(wss_port_),
             "-CAfile",
             directory_.file("tls/ca.crt"),
             "-verify_return_error"};
  const auto seen = co_await command(std::move(look), certificate_shown_timeout);
  co_return seen && seen->success;
}

Task<Outcome<void>> Supervisor::start_broker() {
  int from = options_.port;
  for (int tries = 0; tries < ports_tried_max; ++tries) {
    const auto chosen = choose_ports(from);
    if (!chosen) co_return tl::unexpected(chosen.error());
    if (!*chosen) break;
    Outcome<void> done = write_broker_settings();
    if (done) done = launch(*broker_);
    if (!done) co_return done;
    if (!co_await opens_its_ports()) {
      co_return cli_error(ExitCode::refused, "the broker does not open port " + std::to_string(port_) + "; see " +
                                                 directory_.log("broker"));
    }
    if (stopping_) co_return Outcome<void>{};
    if (broker_->is_running()) {
      const bool serves = co_await serves_wss();
      if (stopping_) co_return Outcome<void>{};
      if (serves && broker_->is_running()) {
        done = write_endpoint();
        if (!done) co_return done;
        if (port_ != options_.port) {
          say("Port " + std::to_string(options_.port) + " is taken; using " + std::to_string(port_) + ".");
        }
        if (options_.tls && wss_port_ != options_.wss_port) {
          say("Port " + std::to_string(options_.wss_port) + " is taken; using " + std::to_string(wss_port_) + ".");
        }
        co_return Outcome<void>{};
      }
      if (!serves) {
        co_await stop(*broker_);  // another process has the port, and the broker runs without it
        from = port_;
        continue;
      }
    }
    if (written_since(directory_.log("broker"), broker_->log_begin).find("Address already in use") ==
        std::string::npos) {
      co_return failed(*broker_, "did not start (see above, and " + directory_.log("broker") + ")");
    }
    from = port_ + 1;
  }
  co_return no_free_port(options_.port, "--port");
}

}  // namespace strawberry::cli
