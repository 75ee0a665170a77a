/// What is said of a command line that CLI11 does not understand.
///
/// Threading: one thread.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace strawberry::cli {

/// `unknown command: devcie (did you mean device?)`, `unknown option: --usr (did you mean --user?)`; nothing when it is
/// another mistake. To be asked after app.parse() threw.
std::string mistyped(const CLI::App& app);

}  // namespace strawberry::cli
