#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace strawberry::test {
namespace {

constexpr std::chrono::milliseconds last_words_timeout{500};
constexpr std::size_t pipe_bytes_max = 64 * 1024;  // what Linux keeps in a pipe, pipe(7)

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) merged.push_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void open_pipe(std::array<int, 2>& ends) {
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
}

}  // namespace

ChildProcess::ChildProcess(Options options) { start(options); }

void ChildProcess::start(const Options& options) {
  // Everything is allocated before fork(): afterwards only async-signal-safe calls are allowed.
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> variables = merged_environment(options.environment);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(variables);
  std::array<int, 2> output{};
  std::array<int, 2> input{};
  open_pipe(output);
  open_pipe(input);
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    if (::getppid() != parent) ::_exit(126);  // it ended before the line above
    ::dup2(input[0], STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0) ::_exit(126);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(output[1]);
  ::close(input[0]);
  // A pipe holds 64 KiB, so this does not wait for the child.
  if (!options.input.empty() && ::write(input[1], options.input.data(), options.input.size()) < 0)
    ::kill(pid_, SIGKILL);
  ::close(input[1]);
  ::setpgid(pid_, pid_);  // in both processes, since either may run first
  stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  process_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  output_fd_ = output[0];
  ::fcntl(output_fd_, F_SETFL, O_NONBLOCK);
  reader_ = std::thread([this] { read_output(); });
}

ChildProcess::~ChildProcess() {
  // The group first: once the process is reaped, its number may be reused.
  if (!exit_code_) {
    ::kill(-pid_, SIGKILL);
    wait_for_exit(std::chrono::seconds(10));
  }
  ::eventfd_write(stop_fd_, 1);
  if (reader_.joinable()) reader_.join();
  ::close(output_fd_);
  ::close(stop_fd_);
  if (process_fd_ >= 0) ::close(process_fd_);
}

void ChildProcess::read_output() {
  // Not simply until the end of the pipe: a grandchild may keep it open for ever.
  std::array<pollfd, 2> sources = {pollfd{output_fd_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
  bool ended = false;
  while (!ended) {
    if (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (sources[0].revents == 0) output_ended_ = true;
    read_what_is_written();
    ended = output_ended_;
    changed_.notify_all();
  }
}

void ChildProcess::read_what_is_written() const {
  std::array<char, 4096> buffer{};
  for (std::size_t read = 0; read < pipe_bytes_max;) {
    const ssize_t size = ::read(output_fd_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      output_ended_ = true;
      return;
    }
    read += static_cast<std::size_t>(size);
    if (output_.size() < output_bytes_max) output_.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::string ChildProcess::output() const {
  const std::lock_guard lock(mutex_);
  read_what_is_written();
  return output_;
}

bool ChildProcess::wait_for_output(const std::string& text, std::chrono::milliseconds timeout, std::size_t from) const {
  std::unique_lock lock(mutex_);
  const auto written = [&] { return output_.find(text, from) != std::string::npos; };
  changed_.wait_for(lock, timeout, [&] { return output_ended_ || written(); });
  return written();
}

void ChildProcess::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::wait_for_exit(std::chrono::milliseconds timeout) {
  if (exit_code_) return exit_code_;
  pollfd ended{process_fd_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // The rest of its output is still in the pipe; a grandchild may keep that open without end.
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, last_words_timeout, [&] { return output_ended_; });
  return exit_code_;
}

int ChildProcess::terminate(std::chrono::milliseconds timeout) {
  signal(SIGTERM);
  if (const auto code = wait_for_exit(timeout)) return *code;
  signal(SIGKILL);
  return wait_for_exit(std::chrono::seconds(10)).value_or(-1);
}

bool ChildProcess::is_running() { return !wait_for_exit(std::chrono::milliseconds(0)); }

}  // namespace strawberry::test
