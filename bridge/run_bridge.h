/// The bridge as a process: reads its configuration, locks the data directory and runs the App until SIGTERM or SIGINT.
/// SIGHUP reads the configuration again and applies its log level and format.
#pragma once

#include <string>

namespace strawberry::bridge {

/// Returns the exit code: 0 stopped as asked, 1 could not start. Call once, from the main thread.
int run_bridge(const std::string& config_path);

/// Reads and checks the configuration and starts nothing. Prints every problem on a line of its own to standard error.
/// Returns the exit code: 0 it is good, 1 it is not.
int check_bridge(const std::string& config_path);

}  // namespace strawberry::bridge
