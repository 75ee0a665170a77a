/// A log that a process of the hub writes to for as long as it runs, always at its end.
///
/// Threading: any one thread.   Errors: what cannot be read is empty, what cannot be rotated stays as it is.
/// Bounds: LogLimits; last_words_lines and last_words_bytes_max for what is shown.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/run/run_options.h"

namespace strawberry::cli {

inline constexpr std::size_t last_words_lines = 5;
inline constexpr std::size_t last_words_bytes_max = 64 * 1024;

/// A log that is too large gives its lines to LOG.1, whose lines go to LOG.2, and so on. The lines are copied and the
/// file is emptied, so that no process need know; what is written between the two is lost. Should there be no room for
/// the copy, the bound counts for more than the lines.
void rotate_log(const std::filesystem::path& log, const LogLimits& limits);

std::uintmax_t size_of_log(const std::filesystem::path& log);
/// The end of what was written since the log had `begin` bytes, or since it was emptied.
std::string written_since(const std::filesystem::path& log, std::uintmax_t begin);
/// The last lines of `text`, each after `  NAME: `.
std::string last_words(const std::string& name, std::string_view text);

}  // namespace strawberry::cli
