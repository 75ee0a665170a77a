/// A process of the hub that runs until it is stopped: starts, watches and reaps it.
///
/// It has a session of its own, so that Ctrl-C reaches only the supervisor, which then ends all in order; if the
/// supervisor is killed, the kernel sends SIGTERM. Its process id is in a file, for the next supervisor.
/// Threading: loop only.   Lifetime: outlives the loop's last run.   Errors: Failure, one sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "cli/process/child.h"
#include "cli/process/restart_policy.h"
#include "cli/run/policy.h"
#include "common/runtime/asio.h"

namespace strawberry::cli {

class Service {
 public:
  /// `on_end` is called each time the process has ended. `pid_file` may be empty.
  Service(asio::io_context& loop, std::string name, std::string pid_file, std::function<void()> on_end);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// It must not be running. `options`: the program and its files.
  Result<void> start(ChildOptions options);
  const std::string& name() const { return name_; }
  bool is_running() const { return pid_ > 0; }
  /// Of the running process.
  pid_t pid() const { return pid_; }
  std::chrono::steady_clock::duration age() const { return std::chrono::steady_clock::now() - started_; }
  void send(int signal) const;

  struct End {
    int status = 0;  // of waitpid()
    std::chrono::steady_clock::duration lived{};
  };
  /// Returns each end once, unless it was forgotten.
  std::optional<End> take_end() { return std::exchange(end_, std::nullopt); }
  /// Called for a service that was stopped on purpose: drops its end and deletes the file with its process id. A file
  /// that an earlier supervisor wrote is kept.
  void forget();

  // For the supervisor:
  RestartPolicy policy;
  std::optional<std::chrono::steady_clock::time_point> restart_at;
  std::uintmax_t log_begin = 0;  // size at its last start

 private:
  void watch();

  const std::string name_;
  const std::string pid_file_;
  const std::function<void()> on_end_;
  asio::posix::stream_descriptor process_;
  pid_t pid_ = -1;
  std::chrono::steady_clock::time_point started_;
  std::optional<End> end_;
  bool has_file_ = false;
};

}  // namespace strawberry::cli
