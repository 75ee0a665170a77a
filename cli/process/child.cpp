#include "cli/process/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

constexpr int third_fd = STDERR_FILENO + 1;
constexpr int report_fd = third_fd + 1;
constexpr int first_free_fd = report_fd + 1;

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Moves the descriptor above the numbers that the program gets.
bool set_aside(int& fd) {
  if (fd < 0) return true;
  const int aside = ::fcntl(fd, F_DUPFD_CLOEXEC, first_free_fd);
  if (aside >= 0) fd = aside;
  return aside >= 0;
}

bool give(int fd, int as) { return fd < 0 || ::dup2(fd, as) >= 0; }

/// Runs in a copy of this process's memory: only system calls are allowed. Returns errno; `report` stays open.
int become(const ChildOptions& options, char* const* argv, char* const* environment, pid_t parent, int& report) {
  int input = options.input;
  int output = options.output;
  int error = options.error;
  int third = options.third;
  if (!set_aside(report) || !set_aside(input) || !set_aside(output) || !set_aside(error) || !set_aside(third))
    return errno;
  if (options.own_session ? ::setsid() < 0 : ::setpgid(0, 0) != 0) return errno;
  if (options.signal_at_parents_end != 0) {
    if (::prctl(PR_SET_PDEATHSIG, options.signal_at_parents_end) != 0) return errno;
    if (::getppid() != parent) return ESRCH;  // it ended before the line above
  }
  const int nothing = input < 0 ? ::open("/dev/null", O_RDONLY) : input;
  if (nothing < 0 || (nothing != STDIN_FILENO && ::dup2(nothing, STDIN_FILENO) < 0)) return errno;
  if (!give(output, STDOUT_FILENO) || !give(error, STDERR_FILENO) || !give(third, third_fd)) return errno;
  if (::dup3(report, report_fd, O_CLOEXEC) < 0) return errno;
  report = report_fd;
  if (third < 0) ::close(third_fd);
  ::closefrom(first_free_fd);
  if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) return errno;
  struct sigaction as_usual {};
  as_usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) (void)::sigaction(number, &as_usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(argv[0], argv, environment);
  return errno;
}

/// Returns errno of the failed start; 0 when the program runs.
int read_report(int fd) {
  int failed = 0;
  const auto got = read_up_to(fd, reinterpret_cast<char*>(&failed), sizeof failed);
  return got == sizeof failed ? failed : 0;
}

}  // namespace

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

bool do_not_block(int fd) { return ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0; }

Result<Child> start_child(const ChildOptions& options) {
  const auto cannot = [&](int error) {
    return fail("cannot start " + in_quotes(options.argv.front(), 100) + ": " + std::strerror(error));
  };
  const auto argv = pointers(options.argv);
  const auto environment = pointers(options.environment);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return cannot(errno);
  const FileDescriptor report(ends[0]);
  FileDescriptor report_writer(ends[1]);
  const pid_t parent = ::getpid();
  // Until the program installs its own handlers, a signal must not run those of this process.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    int to = report_writer.get();
    const int failed = become(options, argv.data(), environment.data(), parent, to);
    (void)!::write(to, &failed, sizeof failed);
    ::_exit(127);
  }
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return cannot(fork_error);
  report_writer = FileDescriptor();
  int failed = read_report(report.get());
  Child child{pid, FileDescriptor(failed == 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1)};
  if (failed == 0 && !child.process.is_open()) failed = errno;
  if (failed != 0) {
    ::kill(pid, SIGKILL);
    (void)reap(pid);
    return cannot(failed);
  }
  ::fcntl(child.process.get(), F_SETFD, FD_CLOEXEC);
  return child;
}

bool has_ended(pid_t child) {
  siginfo_t state{};
  return ::waitid(P_PID, static_cast<id_t>(child), &state, WEXITED | WNOHANG | WNOWAIT) == 0 && state.si_pid != 0;
}

int reap(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace strawberry::cli
