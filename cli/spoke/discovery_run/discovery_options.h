/// `strawberryctl spoke --discovery …`: its options, and its run.
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

/// Fails if an option is given that requires --discovery.
Outcome<void> check_no_discovery_options(const DiscoveryOptions& options);

/// Runs until Ctrl-C. `user_option`: the user who gets the devices.
Outcome<void> be_discovered_devices(const CommandLine& line, const DiscoveryOptions& options,
                                    const std::string& user_option, std::function<void(const std::string&)> say);

}  // namespace strawberry::cli::discovery
