#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace strawberry::cli {

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::size_t terminal_columns() {
  if (!output_is_terminal()) return 0;
  winsize size{};
  constexpr std::size_t usual = 80;
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

bool terminal_has_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool is_wanted = no_colour == nullptr || *no_colour == '\0';
  const bool is_dumb = kind != nullptr && std::string_view(kind) == "dumb";
  return output_is_terminal() && is_wanted && !is_dumb;
}

}  // namespace strawberry::cli
