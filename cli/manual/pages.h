/// strawberryctl's manual page and shell completion, made from the command line as it describes itself: a command that
/// strawberryctl understands cannot be missing there.
///
/// Threading: any, no state.   Errors: none.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace strawberry::cli {

/// man(7) source of strawberryctl(1).
std::string manual_page(const CLI::App& app, std::string_view version);

/// man(7) source of NAME.toml(5), which strawberry-NAME reads: the file that is shipped, whose comments say everything.
std::string config_page(const std::string& name, std::string_view shipped_config, std::string_view version);

/// A script for bash-completion: commands and options wherever they may stand, files as their values.
std::string bash_completion(const CLI::App& app);

}  // namespace strawberry::cli
