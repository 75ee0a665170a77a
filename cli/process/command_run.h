/// Runs one command to its end: in a process group of its own, without input, its output collected.
///
/// The command ends with the program itself; then the rest of its process group is killed, and later output is ignored.
/// A program that wants to leave a process running starts it with setsid. A program that cannot be killed (it runs as
/// another user, as sudo does) is reported at its timeout and reaped when it ends.
/// Threading: loop only.   Lifetime: shared with its own waits; stop() or the last reference kills the group.
/// Errors: CommandEnd::how, and a line for people in `error`.
/// Bounds: Command::timeout, output_bytes_max, error_bytes_max; kill_wait for processes that were killed.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/asio.h"
#include "common/text/result.h"

namespace strawberry::cli {

struct Command {
  std::vector<std::string> argv;         // found by PATH when it has no slash
  std::vector<std::string> environment;  // complete, each NAME=value
  std::string directory;                 // working directory; empty: this process's
  std::chrono::milliseconds timeout{};
  std::size_t output_bytes_max = 0;
};

struct CommandEnd {
  bool success = false;        // it ended by itself, with exit code 0
  std::string output;          // bytes as written
  std::string error;           // why it failed: one line, printable
  std::string complaint = {};  // the end of its standard error, as written
};

class CommandRun : public std::enable_shared_from_this<CommandRun> {
 public:
  using OnEnd = std::function<void(CommandEnd)>;
  using Kill = std::function<int(pid_t, int)>;  // as ::kill
  static constexpr std::chrono::milliseconds kill_wait{1'000};
  static constexpr std::size_t error_bytes_max = 400;  // kept of the end of standard error

  /// `on_end` is called once, later, unless stop() is called first. Fails when the program cannot be started.
  static Result<std::shared_ptr<CommandRun>> start(asio::io_context& loop, Command command, OnEnd on_end,
                                                   Kill kill = nullptr);
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  /// Kills it with its group; on_end is not called. Blocks for at most kill_wait, usually not at all.
  void stop();

 private:
  struct Pipe {
    explicit Pipe(asio::io_context& loop) : end(loop) {}
    asio::posix::stream_descriptor end;
    std::string text;
    std::array<char, 16 * 1024> buffer{};
  };
  using Take = void (CommandRun::*)(std::size_t);

  CommandRun(asio::io_context& loop, Command command, OnEnd on_end, Kill kill);
  Result<void> spawn();
  void watch(const std::shared_ptr<CommandRun>& self);
  void watch_process(const std::shared_ptr<CommandRun>& self);
  void read(const std::shared_ptr<CommandRun>& self, Pipe& pipe, Take take);
  void take_output(std::size_t bytes);
  void take_error(std::size_t bytes);
  void drain(Pipe& pipe, Take take);
  void kill_because(const std::string& reason);
  bool kill_group() const;
  void give_up(const std::string& why);
  void program_ended();
  void reap_killed();
  std::string why_it_failed(int status) const;

  const Command command_;
  OnEnd on_end_;
  const Kill kill_;
  pid_t pid_ = -1;  // until it is reaped
  asio::posix::stream_descriptor process_;
  Pipe output_;
  Pipe error_;
  asio::steady_timer deadline_;
  std::string killed_because_;
  bool has_ended_ = false;  // but perhaps not reaped
};

}  // namespace strawberry::cli
