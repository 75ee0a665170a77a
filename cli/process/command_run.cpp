#include "cli/process/command_run.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "cli/process/child.h"
#include "cli/text.h"
#include "common/text/file_descriptor.h"

namespace strawberry::cli {
namespace {

/// Limit for a pipe's contents after the program's end. Only a process outside the group could still be filling it.
constexpr std::size_t drained_bytes_max = 1024 * 1024;
constexpr std::size_t error_kept_bytes = 4096;

}  // namespace

CommandRun::CommandRun(asio::io_context& loop, Command command, OnEnd on_end, Kill kill)
    : command_(std::move(command)),
      on_end_(std::move(on_end)),
      kill_(kill ? std::move(kill) : Kill(&::kill)),
      process_(loop),
      output_(loop),
      error_(loop),
      deadline_(loop) {}

CommandRun::~CommandRun() { stop(); }

Result<std::shared_ptr<CommandRun>> CommandRun::start(asio::io_context& loop, Command command, OnEnd on_end,
                                                      Kill kill) {
  std::shared_ptr<CommandRun> run(new CommandRun(loop, std::move(command), std::move(on_end), std::move(kill)));
  if (auto spawned = run->spawn(); !spawned) return tl::unexpected(spawned.error());
  run->watch(run);
  return run;
}

Result<void> CommandRun::spawn() {
  const auto cannot = [&](int error) {
    return fail("cannot start " + in_quotes(command_.argv.front(), 100) + ": " + std::strerror(error));
  };
  auto output = make_pipe();
  if (!output) return cannot(errno);
  auto error = make_pipe();
  if (!error) return cannot(errno);
  // Only the readers: the command's own writes may block.
  if (!do_not_block(output->reader.get()) || !do_not_block(error->reader.get())) return cannot(errno);
  ChildOptions options;
  options.argv = command_.argv;
  options.environment = command_.environment;
  options.directory = command_.directory;
  options.output = output->writer.get();
  options.error = error->writer.get();
  auto child = start_child(options);
  if (!child) return tl::unexpected(child.error());
  pid_ = child->pid;
  boost::system::error_code refused;
  process_.assign(child->process.release(), refused);
  if (!refused) output_.end.assign(output->reader.release(), refused);
  if (!refused) error_.end.assign(error->reader.release(), refused);
  if (refused) return cannot(refused.value());
  return {};
}

void CommandRun::watch(const std::shared_ptr<CommandRun>& self) {
  watch_process(self);
  deadline_.expires_after(command_.timeout);
  deadline_.async_wait([self](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    self->kill_because("it did not end within " + std::to_string(self->command_.timeout.count()) + " ms");
  });
  read(self, output_, &CommandRun::take_output);
  read(self, error_, &CommandRun::take_error);
}

/// Checks the process, since the event may be of a descriptor that was closed a moment ago and had the same number.
void CommandRun::watch_process(const std::shared_ptr<CommandRun>& self) {
  process_.async_wait(asio::posix::stream_descriptor::wait_read, [self](const boost::system::error_code& cancelled) {
    if (cancelled || self->pid_ < 0) return;
    has_ended(self->pid_) ? self->program_ended() : self->watch_process(self);
  });
}

/// Waits first, then reads: data of an asynchronous read would be lost when the program's end is handled first.
void CommandRun::read(const std::shared_ptr<CommandRun>& self, Pipe& pipe, Take take) {
  pipe.end.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self, &pipe, take](const boost::system::error_code& cancelled) {
                        if (cancelled) return;
                        const ssize_t bytes = ::read(pipe.end.native_handle(), pipe.buffer.data(), pipe.buffer.size());
                        if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) return;
                        if (bytes > 0) (self.get()->*take)(static_cast<std::size_t>(bytes));
                        self->read(self, pipe, take);
                      });
}

void CommandRun::take_output(std::size_t bytes) {
  const std::size_t room = command_.output_bytes_max - output_.text.size();
  output_.text.append(output_.buffer.data(), std::min(bytes, room));
  if (bytes > room) kill_because("it wrote more than " + std::to_string(command_.output_bytes_max) + " bytes");
}

void CommandRun::take_error(std::size_t bytes) {
  error_.text.append(error_.buffer.data(), bytes);
  if (error_.text.size() > error_kept_bytes) error_.text.erase(0, error_.text.size() - error_kept_bytes);
}

void CommandRun::drain(Pipe& pipe, Take take) {
  for (std::size_t drained = 0; drained < drained_bytes_max;) {
    const ssize_t bytes = ::read(pipe.end.native_handle(), pipe.buffer.data(), pipe.buffer.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return;
    (this->*take)(static_cast<std::size_t>(bytes));
    drained += static_cast<std::size_t>(bytes);
  }
}

void CommandRun::kill_because(const std::string& reason) {
  const bool is_first = killed_because_.empty();
  if (is_first) killed_because_ = reason + " and was killed";
  if (pid_ < 0 || has_ended_) return;
  if (!kill_group()) {
    give_up(reason + " and cannot be killed: it runs as another user");
  } else if (is_first) {
    // Perhaps only some of the group could be killed, and a process that hangs in the kernel remains.
    deadline_.expires_after(kill_wait);
    deadline_.async_wait([self = shared_from_this(), reason](const boost::system::error_code& cancelled) {
      if (!cancelled && self->pid_ > 0) self->give_up(reason + " and cannot be killed");
    });
  }
}

/// Returns false when this process may not kill any of the group.
bool CommandRun::kill_group() const { return kill_(-pid_, SIGKILL) == 0 || errno != EPERM; }

/// Reports the end before the program has ended; watch_process() continues to wait for it.
void CommandRun::give_up(const std::string& why) {
  deadline_.cancel();
  boost::system::error_code ignored;
  output_.end.close(ignored);
  error_.end.close(ignored);
  CommandEnd end;
  end.error = why;
  if (const OnEnd on_end = std::exchange(on_end_, nullptr)) on_end(std::move(end));
}

void CommandRun::program_ended() {
  has_ended_ = true;
  // Before it is reaped: until then the group's number cannot be reused.
  kill_group();
  drain(output_, &CommandRun::take_output);
  drain(error_, &CommandRun::take_error);
  const int status = reap(pid_);
  pid_ = -1;
  CommandEnd end;
  end.error = why_it_failed(status);
  end.success = end.error.empty();
  if (end.success) end.output = std::move(output_.text);
  end.complaint = std::move(error_.text);
  const OnEnd on_end = std::exchange(on_end_, nullptr);
  stop();
  if (on_end) on_end(std::move(end));
}

/// A process that does not end after SIGKILL is left to init.
void CommandRun::reap_killed() {
  constexpr int tries = 100;
  pollfd ended{process_.is_open() ? process_.native_handle() : -1, POLLIN, 0};
  for (int i = 0; i < tries && ::waitpid(pid_, nullptr, WNOHANG) == 0; ++i) {
    ::poll(&ended, 1, static_cast<int>(kill_wait.count()) / tries);
  }
  pid_ = -1;
}

std::string CommandRun::why_it_failed(int status) const {
  if (!killed_because_.empty()) return killed_because_;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  std::string why = WIFSIGNALED(status) ? "it was ended by signal " + std::to_string(WTERMSIG(status))
                                        : "exit code " + std::to_string(WEXITSTATUS(status));
  std::string_view said = error_.text;
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.remove_suffix(1);
  if (said.empty()) return why;
  const bool is_cut = said.size() > error_bytes_max;
  if (is_cut) said.remove_prefix(said.size() - error_bytes_max);
  // Does not begin in the middle of a character.
  while (is_cut && !said.empty() && (static_cast<unsigned char>(said.front()) & 0xC0) == 0x80) said.remove_prefix(1);
  return why + ": " + (is_cut ? "…" : "") + printable(said, 4 * error_bytes_max);
}

void CommandRun::stop() {
  on_end_ = nullptr;
  if (pid_ > 0 && kill_group()) reap_killed();
  pid_ = -1;
  boost::system::error_code ignored;
  deadline_.cancel();
  process_.close(ignored);
  output_.end.close(ignored);
  error_.end.close(ignored);
}

}  // namespace strawberry::cli
