#pragma once

#include "cli/command_line.h"

namespace strawberry::cli {

/// Adds `strawberryctl run`: runs broker, bridge and web door until it is stopped.
void add_run_command(CLI::App& app, CommandLine& line);

}  // namespace strawberry::cli
