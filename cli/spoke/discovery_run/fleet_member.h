/// One device of the fleet, shared by the files of Fleet.
///
/// Threading: loop only.   Lifetime: shared by the fleet and the device's running tasks.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cli/spoke/discovery_run/fleet.h"
#include "common/runtime/one_shot.h"
#include "common/text/said_once.h"

namespace strawberry::cli::discovery {

/// How a connection is ended.
struct ConnectionEnd {
  bool withdraws = false;            // withdraws its skills first
  std::optional<CliError> given_up;  // the device itself gave up
};

inline bool is_unreachable(const CliError& error) { return error.code == ExitCode::unreachable; }

struct Fleet::Member {
  explicit Member(const asio::any_io_executor& executor) : end(std::make_shared<OneShot<ConnectionEnd>>(executor)) {}

  Announced announced;
  Membership state;
  std::string device_id;   // the hub's; empty: not registered
  std::string known_name;  // its name at the hub, apart from changes made there
  bool is_renaming = false;
  std::unique_ptr<DeviceSkills> skills;
  std::unique_ptr<SpokeDevice> spoke;
  std::shared_ptr<OneShot<ConnectionEnd>> end;
  bool is_connected = false;
  std::optional<SteadyTime> enrolled_at;
  std::optional<Enrolled> unsaved;             // registered, but its file could not be written
  std::chrono::milliseconds refused_pause{0};  // the last one; zero: it was let in
  SaidOnce troubles;
};

}  // namespace strawberry::cli::discovery
