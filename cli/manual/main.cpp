/// For the build: `strawberry-manual page|completion`, or `strawberry-manual config FILE`, on standard output. FILE is
/// bridge.toml or gateway.toml.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/completion_command.h"
#include "cli/manual/pages.h"
#include "cli/mcp/mcp_command.h"
#include "cli/run/run_command.h"
#include "cli/spoke/spoke_command.h"

int main(int argc, char** argv) {
  using namespace strawberry::cli;
  const std::string what = argc > 1 ? argv[1] : "";
  CLI::App app{"", "strawberryctl"};
  CommandLine line;
  describe_command_line(app, line);
  add_spoke_command(app, line);
  add_mcp_command(app, line, STRAWBERRY_VERSION);
  add_run_command(app, line);
  add_completion_command(app, line);
  add_version_flag(app, STRAWBERRY_VERSION);
  if (what == "page" && argc == 2) {
    std::cout << manual_page(app, STRAWBERRY_VERSION);
  } else if (what == "completion" && argc == 2) {
    std::cout << bash_completion(app);
  } else if (what == "config" && argc == 3) {
    std::ostringstream text;
    text << std::ifstream(argv[2]).rdbuf();
    if (text.str().empty()) {
      std::cerr << "strawberry-manual: there is nothing in " << argv[2] << "\n";
      return 1;
    }
    std::cout << config_page(std::filesystem::path(argv[2]).stem().string(), text.str(), STRAWBERRY_VERSION);
  } else {
    std::cerr << "usage: strawberry-manual page | completion | config FILE\n";
    return 2;
  }
  return std::cout.flush() ? 0 : 1;
}
