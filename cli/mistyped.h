/// Explains a command line that CLI11 could not parse.
///
/// Threading: one thread.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace strawberry::cli {

/// Returns `unknown command: devcie (did you mean device?)`, `unknown option: --usr (did you mean --user?)`; empty for
/// any other mistake. Call it after app.parse() threw.
std::string mistyped(const CLI::App& app);

}  // namespace strawberry::cli
