/// A real Mosquitto on a free loopback port, for one test.
///
/// Life: running when constructed, gone with the object. kill() and start() restart it on the same port; with
/// Options::persistence, what is retained and stored survives that.
/// Errors: a broker that does not come up throws, with what it said.
/// Sanitizers: when the tests are built with AddressSanitizer, so is the plugin, and the broker runs with its runtime.
/// Whatever it finds, leaks at the end included, fails the test that is running.
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
    /// The plugin's keys and database. Without keys the broker is bare: no plugin, everybody may do everything.
    std::string keys_path;
    std::string database_path;
    bool persistence = false;
    bool rate_limits = true;  // as the plugin has them by default
    /// More lines for mosquitto.conf.
    std::vector<std::string> config;
    /// Replaces the plugin's options (`plugin_opt_…` lines) for tests of what it refuses.
    std::vector<std::string> plugin_options;
    /// A Unix socket to listen on beside the port; empty: none.
    std::string socket_path = {};
    /// A program that runs the broker, such as valgrind; empty: none.
    std::vector<std::string> run_by = {};
  };

  explicit BrokerProcess(Options options);
  ~BrokerProcess();

  int port() const { return port_; }
  /// What the broker wrote since it was last started.
  std::string log() const { return process_->output(); }
  ChildProcess& process() { return *process_; }
  /// The broker's version as a number: 2'001'002 for 2.1.2.
  int version() const;

  /// Ends it: SIGTERM (it saves what it must keep) or SIGKILL (it does not).
  void stop();
  void kill();
  void start();

  /// Runs a broker that is expected to refuse its configuration: what it wrote. Empty when it came up instead.
  static std::string refusal_of(Options options);

 private:
  enum class Outcome { running, exited, port_taken };
  Outcome try_start();
  void terminate();
  /// Fails the test when a sanitizer complained since the broker was started.
  void look_for_reports(bool refused = false);
  bool is_bare() const;
  std::string write_config() const;

  Options options_;
  TempDir directory_;
  int port_ = 0;
  bool reported_ = false;  // once is enough
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace strawberry::test
