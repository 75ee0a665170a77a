/// Lines of standard input for a coroutine, read by a thread of its own: a blocking read must not stop the loop, and
/// asynchronous reads would make the terminal non-blocking for whoever shares it.
///
/// Threading: next() on the loop.   Lifetime: the thread may outlive this object, blocked in a read, until the process
/// ends; it owns what it touches.   Bounds: one line is read ahead of next(), none before it; a line has at most
/// line_bytes_max, the rest of it is dropped.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "bridge/core/asio.h"
#include "bridge/core/one_shot.h"
#include "bridge/core/task.h"

namespace strawberry::cli {

class LineReader {
 public:
  static constexpr std::size_t line_bytes_max = 64 * 1024;
  using Line = std::optional<std::string>;

  explicit LineReader(asio::io_context& loop);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Without its line end; nothing at the end of the input.
  Task<Line> next();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace strawberry::cli
