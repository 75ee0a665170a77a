/// Which devices the hub has, and which one a command means.
///
/// Threading: any, no state.   Errors: those of the hub; CliError with ExitCode::usage for a device that is not there.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/command_line.h"
#include "cli/known_devices.h"

namespace strawberry::cli {

/// The hub's devices, of `user` when there is one. A user without any is looked for in the hub's database, where there
/// is one: only that knows those who have a token and no device. `filter`: further members of the request.
Outcome<nlohmann::json> listed_devices(const CommandLine& line, const std::string& user,
                                       const nlohmann::json& filter = nlohmann::json::object());

/// By id or name; a device that was deleted cannot be found. Of a hub that does not run, its database says whether
/// there is such a device: that it does not run is said of what is to be done.
Outcome<KnownDevice> found_device(const CommandLine& line, const std::string& device, const std::string& user);

/// `Kitchen Tablet (9a1b…)`
std::string shown(const KnownDevice& device);

}  // namespace strawberry::cli
