/// The devices of a hub that a command may name, from the running hub, or from its database.
///
/// Threading: any, no state.   Errors: CliError with ExitCode::usage.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/outcome.h"
#include "common/identity/device_directory.h"

namespace strawberry::cli {

struct KnownDevice {
  std::string id;
  std::string name;
  std::string user;
  bool is_active = false;
  WallTime tokens_valid_from{};  // only set from the database
};

std::vector<KnownDevice> known_devices(const DeviceDirectory& directory);
/// Reads the hub's answer to `devices` `list`.
std::vector<KnownDevice> known_devices(const nlohmann::json& listed);

/// Finds a device by id, or by name (as in calls) among `user`'s devices, or all users' when empty.
Outcome<KnownDevice> find_device(const std::vector<KnownDevice>& devices, const std::string& id_or_name,
                                 const std::string& user);

}  // namespace strawberry::cli
