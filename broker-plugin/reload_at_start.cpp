#include "broker-plugin/reload_at_start.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace strawberry::plugin {
namespace {

constexpr std::chrono::microseconds look_interval{200};
constexpr std::chrono::seconds wait_max{5};

bool has_handler() {
  struct sigaction action {};
  if (::sigaction(SIGHUP, nullptr, &action) != 0) return false;
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

void signal_when_ready(const std::stop_token& stop) {
  const auto give_up = std::chrono::steady_clock::now() + wait_max;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < give_up) {
    if (request_reload()) return;
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace

bool request_reload() { return has_handler() && ::kill(::getpid(), SIGHUP) == 0; }

ReloadAtStart::ReloadAtStart() {
  // The broker's own thread is to take its signals: a new thread inherits the mask it is started with.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::jthread(signal_when_ready);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace strawberry::plugin
