/// strawberryctl: the command line of a Strawberry hub.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>
#include <iostream>

#include "cli/command_line.h"
#include "cli/completion_command.h"
#include "cli/mcp/mcp_command.h"
#include "cli/mistyped.h"
#include "cli/run/run_command.h"
#include "cli/spoke/spoke_command.h"
#include "cli/text.h"

int main(int argc, char** argv) {
  using namespace strawberry::cli;
  const auto exit_with = [](ExitCode code, const std::string& message) {
    std::cout.flush();
    std::cerr << "strawberryctl: " << message << "\n";
    return static_cast<int>(code);
  };
  try {
    CLI::App app{"", "strawberryctl"};
    CommandLine line;
    describe_command_line(app, line);
    add_spoke_command(app, line);
    add_mcp_command(app, line, STRAWBERRY_VERSION);
    add_run_command(app, line);
    add_completion_command(app, line);
    add_version_flag(app, STRAWBERRY_VERSION);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& wanted) {
      return app.exit(wanted);
    } catch (const CLI::ParseError& wrong) {
      const std::string typed = mistyped(app);
      return exit_with(ExitCode::usage, (typed.empty() ? printable(wrong.what(), 400) : typed) + " (see --help)");
    }
    const Outcome<void> outcome = line.action();
    if (!outcome) return exit_with(outcome.error().code, outcome.error().message);
    return static_cast<int>(ExitCode::ok);
  } catch (const std::exception& unexpected) {
    return exit_with(ExitCode::local, printable(unexpected.what(), 400));
  }
}
