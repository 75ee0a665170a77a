/// `strawberryctl completion`: prints the script with which bash completes its commands and options.
#include "cli/completion_command.h"

#include <iostream>

#include "cli/manual/pages.h"

namespace strawberry::cli {

void add_version_flag(CLI::App& app, const std::string& version) {
  app.set_version_flag("--version", "strawberryctl " + version, "Print the version and leave");
}

void add_completion_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, "completion", "Print a script that makes bash complete commands and options",
                                  "source <(strawberryctl completion)");
  command->callback([&app, &line] {
    line.action = [&app]() -> Outcome<void> {
      std::cout << bash_completion(app);
      return {};
    };
  });
}

}  // namespace strawberry::cli
