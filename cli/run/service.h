/// A process of the hub that is to run until it is told to stop: started, watched and reaped.
///
/// It has a session of its own, so that Ctrl-C reaches the supervisor alone, which then ends all in order; should the
/// supervisor be killed, the kernel sends SIGTERM. Its number is in a file, for the next supervisor.
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

  /// It must not be running. `options` say what and with which files.
  Result<void> start(ChildOptions options);
  const std::string& name() const { return name_; }
  bool is_running() const { return pid_ > 0; }
  std::chrono::steady_clock::duration age() const { return std::chrono::steady_clock::now() - started_; }
  void send(int signal) const;

  struct End {
    int status = 0;  // as of waitpid()
    std::chrono::steady_clock::duration lived{};
  };
  /// Once after each end that was not forgotten.
  std::optional<End> take_end() { return std::exchange(end_, std::nullopt); }
  /// Of a service that was stopped on purpose: no end to take note of, and no file with its number. What an earlier
  /// supervisor wrote stays.
  void forget();

  // Of the supervisor:
  RestartPolicy policy;
  std::optional<std::chrono::steady_clock::time_point> restart_at;
  std::uintmax_t log_begin = 0;  // of what it has written since its start

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
