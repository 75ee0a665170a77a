/// Makes strawberryctl's manual page and shell completion from the command line's own description: so no command of
/// strawberryctl can be missing.
///
/// Threading: any, no state.   Errors: none.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace strawberry::cli {

/// Returns the man(7) source of strawberryctl(1).
std::string manual_page(const CLI::App& app, std::string_view version);

/// Returns the man(7) source of NAME.toml(5), which strawberry-NAME reads: the shipped file, whose comments explain it.
std::string config_page(const std::string& name, std::string_view shipped_config, std::string_view version);

/// Returns a script for bash-completion: commands and options wherever they are allowed, files as their values.
std::string bash_completion(const CLI::App& app);

}  // namespace strawberry::cli
