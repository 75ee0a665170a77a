#include "cli/line_editor.h"

#include <histedit.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "cli/text.h"

namespace strawberry::cli {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Returns how many bytes two texts have in common at their beginning, ignoring upper and lower case.
std::size_t common_beginning(const std::string& a, const std::string& b) {
  std::size_t length = 0;
  while (length < a.size() && length < b.size() && lower(a[length]) == lower(b[length])) ++length;
  // Does not end in the middle of a character.
  while (length > 0 && length < b.size() && (static_cast<unsigned char>(b[length]) & 0xC0) == 0x80) --length;
  return length;
}

}  // namespace

struct LineEditor::Parts {
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string history_file;
  std::string prompt;
  termios terminal{};
  bool has_terminal = false;
  std::mutex mutex;
  std::vector<std::string> words;

  static Parts& of(EditLine* editor) {
    void* parts = nullptr;
    el_get(editor, EL_CLIENTDATA, &parts);
    return *static_cast<Parts*>(parts);
  }
  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }

  static unsigned char on_tab(EditLine* editor, int) {
    Parts& parts = of(editor);
    const LineInfo* line = el_line(editor);
    const std::string text(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
    Completion found;
    {
      const std::lock_guard lock(parts.mutex);
      found = complete(text, parts.words);
    }
    if (!found.insert.empty()) return el_insertstr(editor, found.insert.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    if (found.choices.empty()) return CC_ERROR;
    std::string shown = "\n";
    for (const std::string& choice : found.choices) shown += printable(choice, 128) + "  ";
    std::fputs((shown + "\n").c_str(), stdout);
    std::fflush(stdout);
    return CC_REDISPLAY;
  }
};

LineEditor::LineEditor(std::string history_file) : parts_(std::make_unique<Parts>()) {
  // Sets only the encoding of characters; the format of numbers and times is unchanged.
  if (std::setlocale(LC_CTYPE, "") == nullptr) std::setlocale(LC_CTYPE, "C.UTF-8");
  Parts& parts = *parts_;
  parts.history_file = std::move(history_file);
  parts.has_terminal = ::tcgetattr(STDIN_FILENO, &parts.terminal) == 0;
  parts.editor = el_init("strawberryctl", stdin, stdout, stderr);
  parts.history = history_init();
  HistEvent event{};
  history(parts.history, &event, H_SETSIZE, history_max);
  history(parts.history, &event, H_SETUNIQUE, 1);
  if (!parts.history_file.empty()) history(parts.history, &event, H_LOAD, parts.history_file.c_str());
  el_set(parts.editor, EL_CLIENTDATA, &parts);
  // libedit does not count the text between two \1 as visible.
  el_set(parts.editor, EL_PROMPT_ESC, &Parts::show_prompt, '\1');
  el_set(parts.editor, EL_EDITOR, "emacs");
  el_set(parts.editor, EL_SIGNAL, 0);
  el_set(parts.editor, EL_HIST, ::history, parts.history);
  el_set(parts.editor, EL_ADDFN, "complete-name", "Complete the name of a device", &Parts::on_tab);
  el_set(parts.editor, EL_BIND, "^I", "complete-name", nullptr);
  el_set(parts.editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  for (const char* key : {"\\e[1;5D", "\\e[5D", "\\eOd"}) el_set(parts.editor, EL_BIND, key, "ed-prev-word", nullptr);
  for (const char* key : {"\\e[1;5C", "\\e[5C", "\\eOc"}) el_set(parts.editor, EL_BIND, key, "em-next-word", nullptr);
}

LineEditor::~LineEditor() {
  el_end(parts_->editor);
  history_end(parts_->history);
}

std::optional<std::string> LineEditor::read(const std::string& prompt, bool remember) {
  Parts& parts = *parts_;
  parts.prompt = prompt;
  int length = 0;
  const char* read = el_gets(parts.editor, &length);
  if (read == nullptr || length <= 0) return std::nullopt;
  std::string line(read, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (remember && line.find_first_not_of(" \t") != std::string::npos) {
    HistEvent event{};
    history(parts.history, &event, H_ENTER, line.c_str());
    if (!parts.history_file.empty()) history(parts.history, &event, H_SAVE, parts.history_file.c_str());
  }
  return line;
}

void LineEditor::complete_with(std::vector<std::string> words) {
  if (words.size() > completion_words_max) words.resize(completion_words_max);
  const std::lock_guard lock(parts_->mutex);
  parts_->words = std::move(words);
}

void LineEditor::restore_terminal() const {
  if (parts_->has_terminal) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &parts_->terminal);
}

std::string chat_history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path path;
  if (state != nullptr && *state != '\0') {
    path = state;
  } else if (home != nullptr && *home != '\0') {
    path = std::filesystem::path(home) / ".local" / "state";
  } else {
    return {};
  }
  path /= "strawberry";
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  return failed ? std::string() : (path / "chat_history").string();
}

Completion complete(const std::string& text, const std::vector<std::string>& words) {
  Completion found;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    const bool begins_word = text[begin] != ' ' && (begin == 0 || text[begin - 1] == ' ');
    if (!begins_word) continue;
    const std::string typed = text.substr(begin);
    std::size_t common = 0;
    for (const std::string& word : words) {
      if (common_beginning(typed, word) < typed.size()) continue;
      common = found.choices.empty() ? word.size() : std::min(common, common_beginning(found.choices.front(), word));
      found.choices.push_back(word);
    }
    if (found.choices.empty()) continue;
    found.insert = found.choices.front().substr(typed.size(), common - std::min(common, typed.size()));
    if (found.choices.size() == 1) {
      found.insert += " ";
      found.choices.clear();
    }
    return found;
  }
  return found;
}

}  // namespace strawberry::cli
