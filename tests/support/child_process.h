/// A program started by a test: its output is read as it is written, and it always ends with the object.
///
/// Lifetime: killed (SIGKILL) by the destructor, with the processes of its group, and by the kernel if the test itself
/// dies. Start it from the test's main thread: the kernel's part is tied to the thread that started it.
/// Errors: a program that cannot be started throws. Bounds: output_bytes_max are kept, the rest is read and dropped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace strawberry::test {

class ChildProcess {
 public:
  static constexpr std::size_t output_bytes_max = 16 * 1024 * 1024;

  struct Options {
    std::vector<std::string> argv;                   // argv[0] is the path of the program
    std::map<std::string, std::string> environment;  // added to the test's own, or replacing parts of it
    std::string working_directory;                   // the test's own when empty
    std::string input;                               // standard input, at most 64 KiB; then end of file
  };

  explicit ChildProcess(Options options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Standard output and error together, in the order written: all that the program wrote before this call.
  std::string output() const;
  /// True when a line containing `text` has been written, counting from `from` (an earlier output().size()).
  bool wait_for_output(const std::string& text, std::chrono::milliseconds timeout, std::size_t from = 0) const;
  void signal(int number) const;
  /// The exit code, or 128 + signal; nullopt when it still runs after `timeout`.
  std::optional<int> wait_for_exit(std::chrono::milliseconds timeout);
  /// Sends SIGTERM, then after `timeout` SIGKILL. Returns the exit code as above.
  int terminate(std::chrono::milliseconds timeout = std::chrono::seconds(5));
  bool is_running();

 private:
  void read_output();
  void read_what_is_written() const;  // call with mutex_ locked
  void start(const Options& options);

  pid_t pid_ = -1;
  int process_fd_ = -1;  // becomes readable when the process ends
  std::optional<int> exit_code_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::string output_;
  mutable bool output_ended_ = false;
  int output_fd_ = -1;
  int stop_fd_ = -1;  // tells reader_ to end
  std::thread reader_;
};

}  // namespace strawberry::test
