/// Copies a file or a directory from one directory into another, with all that is below it.
///
/// Whoever may write to the source may change it meanwhile: names are opened one below the other and links are copied
/// as links, so nothing from elsewhere gets in. Modes are kept, owners are not.
/// Threading: any, no state.   Errors: CliError with ExitCode::local; what was copied until then stays.
/// Bounds: copy_tree_depth_max, copy_tree_entries_max, copy_tree_file_bytes_max; what is beyond is an error.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "cli/outcome.h"

namespace strawberry::cli {

inline constexpr int copy_tree_depth_max = 8;
inline constexpr std::size_t copy_tree_entries_max = 1000;
inline constexpr std::size_t copy_tree_file_bytes_max = 1024 * 1024;

/// `from / name` as `to / name`, which must not be there. Nothing when there is no such name.
Outcome<void> copy_tree(const std::filesystem::path& from, const std::string& name, const std::filesystem::path& to);

}  // namespace strawberry::cli
