/// One command, from its start to its end: a process group of its own, nothing to read, what it writes collected.
///
/// The command's end is the end of the program itself; whatever it left in its process group is killed then, and what
/// it wrote until then is all there is. A program that wants something to stay starts it with setsid. One that cannot
/// be killed (it runs as another user, as sudo does) is answered for at its timeout and reaped whenever it ends.
/// Threading: loop only.   Lifetime: shared with its own waiting; stop() or the last reference kills the group.
/// Errors: CommandEnd::how, and a line for people in `error`.
/// Bounds: Command::timeout, output_bytes_max, error_bytes_max; kill_wait for what was killed.
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
  std::vector<std::string> argv;         // looked up in PATH when it has no slash
  std::vector<std::string> environment;  // all of it, each NAME=value
  std::string directory;                 // where it runs; this process's own when empty
  std::chrono::milliseconds timeout{};
  std::size_t output_bytes_max = 0;
};

struct CommandEnd {
  bool success = false;        // it ended by itself, with exit code 0
  std::string output;          // bytes, as they came
  std::string error;           // why there is no success: one line, printable
  std::string complaint = {};  // the end of what it wrote to standard error, as it came
};

class CommandRun : public std::enable_shared_from_this<CommandRun> {
 public:
  using OnEnd = std::function<void(CommandEnd)>;
  using Kill = std::function<int(pid_t, int)>;  // as ::kill
  static constexpr std::chrono::milliseconds kill_wait{1'000};
  static constexpr std::size_t error_bytes_max = 400;  // of standard error's end

  /// `on_end` is called once, later, unless stop() comes first. Fails when the program cannot be started.
  static Result<std::shared_ptr<CommandRun>> start(asio::io_context& loop, Command command, OnEnd on_end,
                                                   Kill kill = nullptr);
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  /// Kills it and all its group, and forgets it. Blocks for kill_wait at most, and not at all as a rule.
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
  bool has_ended_ = false;  // though perhaps not reaped
};

}  // namespace strawberry::cli
