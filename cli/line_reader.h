/// Lines of standard input for a coroutine, read by a thread of its own: a blocking read must not stop the loop, and
/// asynchronous reads would make the terminal non-blocking for other programs too. At a terminal lines are edited (see
/// line_editor.h), and the destructor restores the terminal's settings.
///
/// Threading: next() on the loop.   Lifetime: the thread may outlive this object, blocked in a read, until the process
/// ends; it owns the data that it uses.   Bounds: one line is read ahead of next(), none before it; a line has at most
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

  /// Shows the prompt, then returns a line without its end; nullopt at the end of the input. `remember`: the arrow keys
  /// can recall the line.
  Task<Line> next(std::string prompt = {}, bool remember = false);
  /// Sets the words that Tab completes at a terminal.
  void complete_with(std::vector<std::string> words);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace strawberry::cli
