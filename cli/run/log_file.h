/// A log that a process of the hub appends to as long as it runs.
///
/// Threading: any one thread.   Errors: an unreadable log counts as empty, and one that cannot be rotated is kept.
/// Bounds: LogLimits; last_words_lines and last_words_bytes_max for the text that is shown.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/run/run_options.h"

namespace strawberry::cli {

inline constexpr std::size_t last_words_lines = 5;
inline constexpr std::size_t last_words_bytes_max = 64 * 1024;

/// Moves the lines of a log that is too large to LOG.1, whose lines move to LOG.2, and so on. The lines are copied and
/// the file is emptied, so that no process must reopen it; lines written between the two steps are lost. If there is no
/// room for the copy, the lines are dropped to keep the bound.
void rotate_log(const std::filesystem::path& log, const LogLimits& limits);

std::uintmax_t size_of_log(const std::filesystem::path& log);
/// Returns the end of what was written since the log had `begin` bytes, or since it was emptied.
std::string written_since(const std::filesystem::path& log, std::uintmax_t begin);
/// Returns the last lines of `text`, each after `  NAME: `.
std::string last_words(const std::string& name, std::string_view text);

}  // namespace strawberry::cli
