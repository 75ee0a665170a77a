/// `strawberryctl spoke --discovery …`: what the command line says of it, and the run of it.
///
/// Errors: CliError.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "cli/command_line.h"
#include "cli/outcome.h"

namespace strawberry::cli::discovery {

struct DiscoveryOptions {
  std::string broker;
  std::string login_file;
  std::string ca_file;
  std::string prefix = "homeassistant";
  std::string state_dir;
};

/// `options` must outlive `app`.
void add_discovery_options(CLI::App& command, DiscoveryOptions& options);

/// Nothing is said that goes with --discovery only.
Outcome<void> check_no_discovery_options(const DiscoveryOptions& options);

/// Until Ctrl-C. `user_option`: whose the devices become.
Outcome<void> be_discovered_devices(const CommandLine& line, const DiscoveryOptions& options,
                                    const std::string& user_option, std::function<void(const std::string&)> say);

}  // namespace strawberry::cli::discovery
