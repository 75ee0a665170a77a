/// Lists the hub's devices, and finds the one that a command names.
///
/// Threading: any, no state.   Errors: those of the hub; CliError with ExitCode::usage for an unknown device.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/command_line.h"
#include "cli/known_devices.h"

namespace strawberry::cli {

/// Returns the hub's devices, only `user`'s if one is given. A user without devices is looked up in the hub's database,
/// if present: only it knows users who have a token and no device. `filter`: further members of the request.
Outcome<nlohmann::json> listed_devices(const CommandLine& line, const std::string& user,
                                       const nlohmann::json& filter = nlohmann::json::object());

/// Finds a device by id or name; deleted devices are not found. If the hub does not run, its database tells whether the
/// device exists: the command's own request then fails for the missing hub.
Outcome<KnownDevice> found_device(const CommandLine& line, const std::string& device, const std::string& user);

/// `Kitchen Tablet (9a1b…)`
std::string shown(const KnownDevice& device);

}  // namespace strawberry::cli
