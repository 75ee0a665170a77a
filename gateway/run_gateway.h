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

/// Runs until SIGINT or SIGTERM. Returns 0 when it was stopped, 1 when it could not start.
int run_gateway(const Invocation& invocation);

/// Starts nothing: prints all problems of the configuration, one a line. Returns 0 when there are none, else 1.
int check_gateway(const std::string& config_path);

}  // namespace strawberry::gateway
