/// A line at a terminal, with the keys people expect: cursor and word keys, history over runs, Tab for the names of
/// devices. Made of libedit.
///
/// Threading: read() on one thread; complete_with() and restore_terminal() on any.
/// Lifetime: restore_terminal() before the program ends while read() may still wait.
/// Bounds: history_max lines in the history file (mode 0600); completion_words_max words to complete.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace strawberry::cli {

class LineEditor {
 public:
  static constexpr int history_max = 500;
  static constexpr std::size_t completion_words_max = 1'000;

  /// `history_file` may be empty: then nothing outlives the program.
  explicit LineEditor(std::string history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Waits. The line without its end; nothing at the end of the input (Ctrl-D). `remember`: it goes into the history.
  std::optional<std::string> read(const std::string& prompt, bool remember);
  void complete_with(std::vector<std::string> words);
  /// As it was when this was made.
  void restore_terminal() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// $XDG_STATE_HOME/strawberry/chat_history, else below ~/.local/state; its directory is made. Empty when it cannot be.
std::string chat_history_file();

struct Completion {
  /// What is to be put in behind the cursor.
  std::string insert;
  /// What it could be, when that is more than one.
  std::vector<std::string> choices;
};
/// Completes the end of `text`, from the beginning of one of its words on, to those of `words` that begin like it
/// (upper and lower case are the same). What begins farthest to the left wins, so that names of several words work.
Completion complete(const std::string& text, const std::vector<std::string>& words);

}  // namespace strawberry::cli
