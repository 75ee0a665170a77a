#pragma once

#include "cli/command_line.h"

namespace strawberry::cli {

/// `strawberryctl run`: broker, bridge and web door, until it is told to stop.
void add_run_command(CLI::App& app, CommandLine& line);

}  // namespace strawberry::cli
