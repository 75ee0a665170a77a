#include "cli/run/policy.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstring>

namespace strawberry::cli {

std::optional<int> next_free_port(int wanted, int from, const std::function<bool(int)>& is_taken) {
  const int last = std::min(wanted + ports_tried_max - 1, port_max);
  for (int port = std::max(wanted, from); port <= last; ++port) {
    if (!is_taken(port)) return port;
  }
  return std::nullopt;
}

bool is_leftover(std::string_view command_line, std::string_view program, std::string_view data_dir) {
  bool is_first = true;
  bool names_data = false;
  while (!command_line.empty()) {
    const std::string_view word = command_line.substr(0, command_line.find('\0'));
    command_line.remove_prefix(std::min(word.size() + 1, command_line.size()));
    if (is_first && word.substr(word.rfind('/') + 1) != program) return false;
    is_first = false;
    const bool is_below = word.size() > data_dir.size() && word[data_dir.size()] == '/';
    names_data = names_data || (word.starts_with(data_dir) && (word == data_dir || is_below));
  }
  return names_data;
}

std::string host_of(const std::string& listen) {
  if (listen == "0.0.0.0") return "127.0.0.1";
  return listen == "::" ? "::1" : listen;
}

std::string shown_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

bool is_address(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
}

std::string how_it_ended(int status) {
  if (!WIFSIGNALED(status)) return "with status " + std::to_string(WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return "by signal " + (name != nullptr ? std::string(name) : std::to_string(WTERMSIG(status)));
}

std::string shown_path(const std::string& path, const std::string& current) {
  const std::string above = current + "/";
  return path.starts_with(above) ? path.substr(above.size()) : path;
}

}  // namespace strawberry::cli
