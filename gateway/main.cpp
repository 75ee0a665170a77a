/// strawberry-gateway: the hub's web door. Exit codes: 0 stopped, 1 cannot start, 2 wrong usage; with --check those of
/// check_gateway().
#include <CLI/CLI.hpp>
#include <string>

#include "gateway/run_gateway.h"

int main(int argc, char** argv) {
  CLI::App command("Strawberry Hub's web door: HTTP for what else speaks MQTT to the hub");
  strawberry::gateway::Invocation invocation;
  command.add_option("--config", invocation.config_path, "Configuration file (gateway.toml); defaults when absent");
  command.add_option("--port", invocation.port, "Instead of the configured port; 0: any free one")
      ->check(CLI::Range(0, 65535));
  command.add_flag("--next-free", invocation.next_free, "When the port is taken, use the next one that is free");
  bool check = false;
  command.add_flag("--check", check, "Only check the configuration: print all that is wrong, exit code 0 or 1");
  command.set_version_flag("--version", STRAWBERRY_VERSION);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : 2;
  }
  return check ? strawberry::gateway::check_gateway(invocation.config_path)
               : strawberry::gateway::run_gateway(invocation);
}
