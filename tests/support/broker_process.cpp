#include "tests/support/broker_process.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "tests/support/free_port.h"

namespace strawberry::test {
namespace {

constexpr std::chrono::seconds startup_timeout{10};

std::string current_user() {
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? "root" : user->pw_name;
}

}  // namespace

BrokerProcess::BrokerProcess(Options options) : options_(std::move(options)) { start(); }

std::string BrokerProcess::write_config() const {
  const std::string path = directory_.file("mosquitto.conf");
  std::ofstream config(path, std::ios::trunc);
  config << "listener " << port_ << " 127.0.0.1\n"
         << "user " << current_user() << "\n"
         << "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
         << "set_tcp_nodelay true\n";
  if (options_.persistence) {
    config << "persistence true\npersistence_location " << directory_.path().string() << "/\n";
  }
  const bool bare = options_.keys_path.empty() && options_.plugin_options.empty();
  config << "allow_anonymous " << (bare ? "true" : "false") << "\n";
  if (!bare) {
    config << "plugin " << STRAWBERRY_PLUGIN_PATH << "\n";
    if (options_.plugin_options.empty()) {
      config << "plugin_opt_keys " << options_.keys_path << "\n"
             << "plugin_opt_database " << options_.database_path << "\n";
    }
    for (const std::string& line : options_.plugin_options) config << line << "\n";
  }
  for (const std::string& line : options_.config) config << line << "\n";
  return path;
}

BrokerProcess::Outcome BrokerProcess::try_start() {
  ChildProcess::Options child;
  child.argv = {"/usr/sbin/mosquitto", "-c", write_config()};
  process_ = std::make_unique<ChildProcess>(std::move(child));
  if (process_->wait_for_output(" running\n", startup_timeout)) return Outcome::running;
  process_->wait_for_exit(std::chrono::seconds(2));
  const bool taken = process_->output().find("Address already in use") != std::string::npos;
  return taken ? Outcome::port_taken : Outcome::exited;
}

void BrokerProcess::start() {
  const bool may_choose_port = port_ == 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (may_choose_port) port_ = free_port();
    const Outcome outcome = try_start();
    if (outcome == Outcome::running) return;
    if (outcome == Outcome::exited) break;
  }
  throw std::runtime_error("mosquitto did not start:\n" + log());
}

void BrokerProcess::stop() { process_->terminate(); }

void BrokerProcess::kill() {
  process_->signal(SIGKILL);
  process_->wait_for_exit(std::chrono::seconds(5));
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
