/// Reads a line at a terminal with the usual keys: cursor and word keys, history across runs, Tab for the names of
/// devices. Made with libedit.
///
/// Threading: read() on one thread; complete_with() and restore_terminal() on any.
/// Lifetime: call restore_terminal() before the program ends if read() may still wait.
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

  /// `history_file` may be empty: then the history ends with the program.
  explicit LineEditor(std::string history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Blocks. Returns the line without its end; nullopt at the end of the input (Ctrl-D). `remember`: add it to the
  /// history.
  std::optional<std::string> read(const std::string& prompt, bool remember);
  void complete_with(std::vector<std::string> words);
  /// Restores the settings that the terminal had when this was made.
  void restore_terminal() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Returns $XDG_STATE_HOME/strawberry/chat_history, else below ~/.local/state; makes its directory. Empty on failure.
std::string chat_history_file();

struct Completion {
  /// The text to insert at the cursor.
  std::string insert;
  /// The possible completions, if there are several.
  std::vector<std::string> choices;
};
/// Completes the end of `text`, from the beginning of one of its words on, to those of `words` that begin like it
/// (ignoring upper and lower case). The longest such end wins, so that names of several words work.
Completion complete(const std::string& text, const std::vector<std::string>& words);

}  // namespace strawberry::cli
