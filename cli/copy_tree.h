/// Copies a file or a directory, with everything below it, from one directory into another.
///
/// The source may change while it is copied, by any user who may write to it: names are opened relative to their
/// directory and links are copied as links, so nothing outside is copied. Modes are kept, owners are not.
/// Threading: any, no state.   Errors: CliError with ExitCode::local; what was copied until then stays.
/// Bounds: copy_tree_depth_max, copy_tree_entries_max, copy_tree_file_bytes_max; beyond them it fails.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "cli/outcome.h"

namespace strawberry::cli {

inline constexpr int copy_tree_depth_max = 8;
inline constexpr std::size_t copy_tree_entries_max = 1000;
inline constexpr std::size_t copy_tree_file_bytes_max = 1024 * 1024;

/// Copies `from / name` to `to / name`, which must not exist. Does nothing when there is no such name.
Outcome<void> copy_tree(const std::filesystem::path& from, const std::string& name, const std::filesystem::path& to);

}  // namespace strawberry::cli
