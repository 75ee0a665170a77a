/// `strawberryctl completion`. Not in command_line.h, since it describes all the other commands.
#pragma once

#include "cli/command_line.h"

namespace strawberry::cli {

/// Adds `--version`.
void add_version_flag(CLI::App& app, const std::string& version);
/// Both must outlive the parsing.
void add_completion_command(CLI::App& app, CommandLine& line);

}  // namespace strawberry::cli
