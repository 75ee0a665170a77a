#include "tests/support/broker_process.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

#include "tests/support/free_port.h"

namespace strawberry::test {
namespace {

constexpr std::chrono::seconds startup_timeout{10};
constexpr std::chrono::seconds startup_timeout_run_by{60};
constexpr std::size_t report_bytes_max = 16 * 1024;

#ifdef STRAWBERRY_ASAN_RUNTIME
constexpr bool is_sanitized = true;
#else
#define STRAWBERRY_ASAN_RUNTIME ""
constexpr bool is_sanitized = false;
#endif

/// The broker itself is not built with the sanitizer, so its runtime must be loaded before anything else, and the C++
/// library, which the broker does not need, before the runtime looks for the functions that it intercepts.
std::map<std::string, std::string> sanitizer_environment() {
  if (!is_sanitized) return {};
  return {{"LD_PRELOAD", STRAWBERRY_ASAN_RUNTIME},
          // The broker has no frame pointers, so stacks through it must be unwound the slow way; short ones, then.
          {"ASAN_OPTIONS",
           "exitcode=99:detect_leaks=1:strict_string_checks=1:check_initialization_order=1:fast_unwind_on_malloc=0:"
           "malloc_context_size=10"},
          {"LSAN_OPTIONS", "print_suppressions=0:suppressions=" STRAWBERRY_SOURCE_DIR "/tests/support/lsan.supp"},
          {"UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1:exitcode=99"}};
}

/// Returns the text from the sanitizer's report on; empty when there is none.
std::string report_in(const std::string& output) {
  const std::size_t at = std::min(output.find("Sanitizer"), output.find(": runtime error: "));
  if (at == std::string::npos) return {};
  const std::size_t line = output.rfind('\n', at);
  return output.substr(line == std::string::npos ? 0 : line + 1, report_bytes_max);
}

std::string current_user() {
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? "root" : user->pw_name;
}

}  // namespace

BrokerProcess::BrokerProcess(Options options) : options_(std::move(options)) { start(); }

BrokerProcess::~BrokerProcess() {
  if (is_sanitized) terminate();  // leaks are checked at a clean exit
  look_for_reports();
}

int BrokerProcess::version() const {
  const std::string output = log();
  const std::string_view before = "mosquitto version ";
  const std::size_t at = output.find(before);
  int major = 0;
  int minor = 0;
  int revision = 0;
  if (at == std::string::npos ||
      std::sscanf(output.c_str() + at + before.size(), "%d.%d.%d", &major, &minor, &revision) != 3) {
    throw std::runtime_error("the broker has not written its version:\n" + output);
  }
  return major * 1'000'000 + minor * 1'000 + revision;
}

void BrokerProcess::terminate() {
  // The broker loses a signal that arrives between its message that it runs and its main loop.
  for (int attempt = 0; attempt < 10 && process_->is_running(); ++attempt) {
    process_->signal(SIGTERM);
    process_->wait_for_exit(options_.run_by.empty() ? std::chrono::milliseconds(500) : std::chrono::seconds(10));
  }
  process_->terminate();
}

void BrokerProcess::look_for_reports(bool refused) {
  if (reported_ || !process_) return;
  const std::string report = report_in(log());
  // A broker that refuses its configuration does not free its memory.
  if (report.empty() || (refused && report.find("LeakSanitizer") != std::string::npos)) return;
  reported_ = true;
  ADD_FAILURE() << "a sanitizer found this in the broker:\n" << report;
}

bool BrokerProcess::is_bare() const { return options_.keys_path.empty() && options_.plugin_options.empty(); }

std::string BrokerProcess::write_config() const {
  std::string path = directory_.file("mosquitto.conf");
  std::ofstream config(path, std::ios::trunc);
  if (!options_.socket_path.empty()) config << "listener 0 " << options_.socket_path << "\n";
  config << "listener " << port_ << " 127.0.0.1\n"
         << "user " << current_user() << "\n"
         << "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
         << "set_tcp_nodelay true\n";
  if (options_.persistence) {
    config << "persistence true\npersistence_location " << directory_.path().string() << "/\n";
  }
  const bool bare = is_bare();
  config << "allow_anonymous " << (bare ? "true" : "false") << "\n";
  if (!bare) {
    config << "plugin " << STRAWBERRY_PLUGIN_PATH << "\n";
    if (options_.plugin_options.empty()) {
      config << "plugin_opt_keys " << options_.keys_path << "\n"
             << "plugin_opt_database " << options_.database_path << "\n";
    }
    if (!options_.rate_limits) {
      for (const char* limited : {"messages", "bytes", "user_messages", "user_bytes", "connections"})
        config << "plugin_opt_" << limited << "_per_second 0\n";
    }
    for (const std::string& line : options_.plugin_options) config << line << "\n";
  }
  for (const std::string& line : options_.config) config << line << "\n";
  return path;
}

BrokerProcess::Outcome BrokerProcess::try_start() {
  ChildProcess::Options child;
  child.argv = options_.run_by;
  child.argv.insert(child.argv.end(), {"/usr/sbin/mosquitto", "-c", write_config()});
  child.environment = sanitizer_environment();
  process_ = std::make_unique<ChildProcess>(std::move(child));
  // With the plugin it is ready once that knows the owners of stored sessions: before, it refuses client ids of others.
  const std::string ready = is_bare() ? " running\n" : "strawberry: ready: ";
  const auto timeout = options_.run_by.empty() ? startup_timeout : startup_timeout_run_by;
  if (process_->wait_for_output(ready, timeout)) return Outcome::running;
  process_->wait_for_exit(std::chrono::seconds(2));
  look_for_reports(/*refused=*/true);
  const bool taken = process_->output().find("Address already in use") != std::string::npos;
  return taken ? Outcome::port_taken : Outcome::exited;
}

void BrokerProcess::start() {
  look_for_reports();  // of the previous broker
  reported_ = false;
  const bool may_choose_port = port_ == 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (may_choose_port) port_ = free_port();
    const Outcome outcome = try_start();
    if (outcome == Outcome::running) return;
    if (outcome == Outcome::exited) break;
  }
  throw std::runtime_error("mosquitto did not start:\n" + log());
}

void BrokerProcess::stop() {
  terminate();
  look_for_reports();
}

void BrokerProcess::kill() {
  process_->signal(SIGKILL);
  process_->wait_for_exit(std::chrono::seconds(5));
  look_for_reports();
}

std::string BrokerProcess::refusal_of(Options options) {
  try {
    const BrokerProcess broker(std::move(options));
    return {};
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

}  // namespace strawberry::test
