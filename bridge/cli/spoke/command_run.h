/// One command, from its start to its end: a process group of its own, nothing to read, what it writes collected.
///
/// The command's end is the end of the program itself; whatever it left in its process group is killed then, and what
/// it wrote until then is all there is. A program that wants something to stay starts it with setsid. Threading: loop
/// only.   Lifetime: shared with its own waiting; stop() or the last reference kills the group. Errors:
/// CommandEnd::how, and a line for people in `error`.   Bounds: Command::timeout, output_bytes_max, error_bytes_max.
#pragma once

#include <sys/types.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"

namespace strawberry::cli {

struct Command {
  std::vector<std::string> argv;         // looked up in PATH when it has no slash
  std::vector<std::string> environment;  // all of it, each NAME=value
  std::string directory;                 // where it runs; this process's own when empty
  std::chrono::milliseconds timeout{};
  std::size_t output_bytes_max = 0;
};

struct CommandEnd {
  bool success = false;  // it ended by itself, with exit code 0
  std::string output;    // bytes, as they came
  std::string error;     // why there is no success: one line, printable
};

class CommandRun {
 public:
  using OnEnd = std::function<void(CommandEnd)>;
  static constexpr std::size_t error_bytes_max = 400;  // of standard error's end

  /// `on_end` is called once, later, unless stop() comes first. Fails when the program cannot be started.
  static Result<std::shared_ptr<CommandRun>> start(asio::io_context& loop, Command command, OnEnd on_end);
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  /// Kills it and all its group, and forgets it.
  void stop();

 private:
  struct Pipe {
    explicit Pipe(asio::io_context& loop) : end(loop) {}
    asio::posix::stream_descriptor end;
    std::string text;
    std::array<char, 16 * 1024> buffer{};
  };
  using Take = void (CommandRun::*)(std::size_t);

  CommandRun(asio::io_context& loop, Command command, OnEnd on_end);
  Result<void> spawn();
  void watch(const std::shared_ptr<CommandRun>& self);
  void watch_process(const std::shared_ptr<CommandRun>& self);
  void read(const std::shared_ptr<CommandRun>& self, Pipe& pipe, Take take);
  void take_output(std::size_t bytes);
  void take_error(std::size_t bytes);
  void drain(Pipe& pipe, Take take);
  void kill_because(const std::string& reason);
  void program_ended();
  int reap();
  std::string why_it_failed(int status) const;

  const Command command_;
  OnEnd on_end_;
  pid_t pid_ = -1;  // until it is reaped
  asio::posix::stream_descriptor process_;
  Pipe output_;
  Pipe error_;
  asio::steady_timer deadline_;
  std::string killed_because_;
};

}  // namespace strawberry::cli
