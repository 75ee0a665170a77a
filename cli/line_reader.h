/// Lines of standard input for a coroutine, read by a thread of its own: a blocking read must not stop the loop, and
/// asynchronous reads would make the terminal non-blocking for whoever shares it. At a terminal they are edited (see
/// line_editor.h), and the terminal is put back as it was with this object's end.
///
/// Threading: next() on the loop.   Lifetime: the thread may outlive this object, blocked in a read, until the process
/// ends; it owns what it touches.   Bounds: one line is read ahead of next(), none before it; a line has at most
/// `bytes_max`, the rest of it is dropped.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cli/line_editor.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

class LineReader {
 public:
  static constexpr std::size_t line_bytes_max = 64 * 1024;
  using Line = std::optional<std::string>;

  /// `editor`: null unless standard input is a terminal.
  explicit LineReader(asio::io_context& loop, std::unique_ptr<LineEditor> editor = nullptr,
                      std::size_t bytes_max = line_bytes_max);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Without its line end; nothing at the end of the input. The prompt is shown first. `remember`: the line may be
  /// asked for again with the arrow keys.
  Task<Line> next(std::string prompt = {}, bool remember = false);
  /// What Tab completes at a terminal.
  void complete_with(std::vector<std::string> words);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace strawberry::cli
