/// Functions that the files of checks share: findings, and commands as they are typed for this hub.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/doctor/checks.h"

namespace strawberry::cli {

inline Finding good(std::string what) { return {{}, Verdict::good, std::move(what), {}}; }
inline Finding warn(std::string what, std::string todo) {
  return {{}, Verdict::warning, std::move(what), std::move(todo)};
}
inline Finding bad(std::string what, std::string todo) { return {{}, Verdict::bad, std::move(what), std::move(todo)}; }

/// Formats a mode as `ls` and `chmod` do: 0600.
std::string octal(unsigned mode);
/// Quotes a word as `'a b'` where the shell needs it.
std::string shell_word(const std::string& word);

/// True if the file exists, but this user may not read it.
bool is_permission_denied(const FileFacts& file);
/// True if the keys can be read.
bool has_keys(const Facts& facts);

std::string start_hub(const Facts& facts);
std::string restart_bridge(const Facts& facts);
std::string restart_broker(const Facts& facts);
std::string show_bridge_log(const Facts& facts);
std::string show_broker_log(const Facts& facts);

// In the order in which they are shown.
std::vector<Check> file_checks();
std::vector<Check> broker_checks();
std::vector<Check> hub_checks();
std::vector<Check> token_checks();

}  // namespace strawberry::cli
