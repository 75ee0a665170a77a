/// A real Mosquitto on a free loopback port, for one test.
///
/// Lifetime: running when constructed, ended with the object. kill() and start() restart it on the same port; with
/// Options::persistence, retained and stored messages survive that.
/// Errors: throws with the broker's output when it does not start.
/// Sanitizers: when the tests are built with AddressSanitizer, so is the plugin, and the broker runs with its runtime.
/// Its reports, leaks at the end included, fail the test that is running.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace strawberry::test {

class BrokerProcess {
 public:
  struct Options {
    /// The plugin's keys and database. Without keys the broker is bare: no plugin, and no permissions are checked.
    std::string keys_path;
    std::string database_path;
    bool persistence = false;
    bool rate_limits = true;  // as the plugin has them by default
    /// Additional lines of mosquitto.conf.
    std::vector<std::string> config;
    /// Replaces the plugin's options (`plugin_opt_…` lines), for tests of its errors.
    std::vector<std::string> plugin_options;
    /// A Unix socket to listen on in addition to the port; empty: none.
    std::string socket_path = {};
    /// A program that runs the broker, such as valgrind; empty: none.
    std::vector<std::string> run_by = {};
  };

  explicit BrokerProcess(Options options);
  ~BrokerProcess();

  int port() const { return port_; }
  /// The broker's output since it was last started.
  std::string log() const { return process_->output(); }
  ChildProcess& process() { return *process_; }
  /// The broker's version as a number: 2'001'002 for 2.1.2.
  int version() const;

  /// Ends it: SIGTERM (it saves its data) or SIGKILL (it does not).
  void stop();
  void kill();
  void start();

  /// Runs a broker that is expected to refuse its configuration: returns its output. Empty when it started instead.
  static std::string refusal_of(Options options);

 private:
  enum class Outcome { running, exited, port_taken };
  Outcome try_start();
  void terminate();
  /// Fails the test when a sanitizer reported an error since the broker was started.
  void look_for_reports(bool refused = false);
  bool is_bare() const;
  std::string write_config() const;

  Options options_;
  TempDir directory_;
  int port_ = 0;
  bool reported_ = false;  // reported only once
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace strawberry::test
