/// The gateway as a process: configuration, logs, signals, the loop.
#pragma once

#include <optional>
#include <string>

namespace strawberry::gateway {

struct Invocation {
  std::string config_path;
  std::optional<int> port;
  bool next_free = false;
};

/// Runs until SIGINT or SIGTERM. 0 when it was stopped, 1 when it could not start.
int run_gateway(const Invocation& invocation);

/// Starts nothing: prints everything that is wrong with the configuration, a line each. 0 when nothing is, else 1.
int check_gateway(const std::string& config_path);

}  // namespace strawberry::gateway
