/// `strawberryctl spoke`: runs this machine as a device whose skills are the commands of a file, until Ctrl-C.
#pragma once

#include "cli/command_line.h"

namespace strawberry::cli {

void add_spoke_command(CLI::App& app, CommandLine& line);

}  // namespace strawberry::cli
