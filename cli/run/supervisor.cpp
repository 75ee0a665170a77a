#include "cli/run/supervisor.h"

#include <csignal>
#include <iostream>
#include <utility>

#include "cli/identity.h"
#include "cli/run/log_file.h"

namespace strawberry::cli {

using std::chrono::steady_clock;

namespace {

constexpr int not_started = 127 << 8;  // the shell's status for a program that does not exist

}  // namespace

void say(const std::string& line) { std::cout << line << std::endl; }

Supervisor::Supervisor(asio::io_context& loop, RunOptions options, Installation installation)
    : loop_(loop),
      options_(std::move(options)),
      installation_(std::move(installation)),
      host_(host_of(options_.listen)),
      alarm_(loop),
      http_port_(options_.http_port),
      next_certificate_check_(steady_clock::now() + options_.certificate_interval) {}

void Supervisor::request_stop() {
  stopping_ = true;
  wake();
}

Task<Outcome<void>> Supervisor::run() {
  auto taken = take_hub_directory(options_.data_dir);
  if (!taken) co_return tl::unexpected(taken.error());
  directory_ = std::move(*taken);
  const auto service = [this](const char* name) {
    return std::make_unique<Service>(loop_, name, directory_.pid_file(name), [this] { wake(); });
  };
  broker_ = service("broker");
  bridge_ = service("bridge");
  gateway_ = service("gateway");
  demo_ = service("demo");

  Outcome<void> outcome = co_await start();
  is_up_ = outcome && !stopping_;
  if (is_up_) outcome = co_await watch();
  const bool was_told = is_up_ && outcome;
  if (was_told) say("\nStopping …");
  co_await stop_all();
  if (was_told) say("Stopped.");
  co_return outcome;
}

Task<Outcome<void>> Supervisor::watch() {
  while (!stopping_) {
    Outcome<void> outcome = revive();
    if (!outcome) co_return outcome;
    for (const char* name : {"broker", "bridge", "gateway"}) rotate_log(directory_.log(name), options_.logs);
    if (options_.tls && steady_clock::now() >= next_certificate_check_) {
      outcome = co_await renew_certificates();
      if (!outcome) co_return outcome;
    }
    auto next = steady_clock::now() + watch_interval;
    for (const Service* service : {broker_.get(), bridge_.get(), gateway_.get(), demo_.get()}) {
      if (service->restart_at) next = std::min(next, *service->restart_at);
    }
    co_await pause(next - steady_clock::now());
  }
  co_return Outcome<void>{};
}

/// Handles the processes that have ended, and restarts those whose pause is over.
Outcome<void> Supervisor::revive() {
  for (Service* service : {broker_.get(), bridge_.get(), gateway_.get(), demo_.get()}) {
    if (const auto end = service->take_end()) {
      const Outcome<void> planned = plan_restart(*service, *end);
      if (!planned) return planned;
    }
    if (!service->restart_at || *service->restart_at > steady_clock::now()) continue;
    service->restart_at.reset();
    if (const Outcome<void> launched = launch(*service); !launched) {
      // Counts as a quick end: a program may be missing for a moment while it is replaced.
      say(launched.error().message);
      const Outcome<void> planned = plan_restart(*service, Service::End{not_started, {}});
      if (!planned) return planned;
    }
  }
  return {};
}

Outcome<void> Supervisor::plan_restart(Service& service, const Service::End& end) {
  const auto pause = service.policy.pause_after(end.lived);
  if (!pause) {
    return failed(service, "died " + std::to_string(service.policy.quick_deaths()) + " times within " +
                               std::to_string(RestartPolicy::quick_death.count()) + " s of its start; giving up (see " +
                               directory_.log(service.name()) + ")");
  }
  say("The " + service.name() + " has died (" + how_it_ended(end.status) + "); starting it again.");
  service.restart_at = steady_clock::now() + *pause;
  return {};
}

/// For a hub that runs for years. The WebSocket listener reads its certificate only when the broker starts. Addresses
/// appear and disappear, for example those of containers: they are no reason to interrupt all clients.
Task<Outcome<void>> Supervisor::renew_certificates() {
  next_certificate_check_ = steady_clock::now() + options_.certificate_interval;
  const auto made = co_await make_certificates(/*ignore_names=*/true);
  if (!made || stopping_) co_return Outcome<void>{};
  if (!made->success) {
    say("The certificates are not as they should be: " + made->error);
    co_return Outcome<void>{};
  }
  if (made->output.empty()) co_return Outcome<void>{};
  say(without_line_end(made->output) + " The broker starts again to use it.");
  co_await stop(*broker_);
  gateway_->send(SIGHUP);  // reloads the files
  co_return stopping_ ? Outcome<void>{} : launch(*broker_);
}

}  // namespace strawberry::cli
