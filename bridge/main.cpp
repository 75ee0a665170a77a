/// strawberry-bridge: the command line. Exit codes: those of run_bridge() and check_bridge(), and 2 for wrong usage.
#include <CLI/CLI.hpp>
#include <string>

#include "bridge/run_bridge.h"

int main(int argc, char** argv) {
  CLI::App command("Strawberry Hub's bridge between MQTT devices and language models");
  std::string config_path;
  command.add_option("--config", config_path, "Configuration file (bridge.toml); defaults and environment when absent");
  bool check = false;
  command.add_flag("--check", check, "Only check the configuration: print all that is wrong, exit code 0 or 1");
  command.set_version_flag("--version", STRAWBERRY_VERSION);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : 2;
  }
  return check ? strawberry::bridge::check_bridge(config_path) : strawberry::bridge::run_bridge(config_path);
}
