/// `strawberryctl mcp`: the hub's skills as tools of MCP on standard input and output.
#pragma once

#include <string>

#include "cli/command_line.h"

namespace strawberry::cli {

void add_mcp_command(CLI::App& app, CommandLine& line, const std::string& version);

}  // namespace strawberry::cli
