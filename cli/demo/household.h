/// The demo's devices in the hub's directory: registered through the contract on first use, found again later.
///
/// The data with which a device connects is kept in DATA_DIR/demo/, readable by its owner only, as on a real device.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/files.h"
#include "cli/identity.h"
#include "cli/outcome.h"
#include "common/runtime/asio.h"
#include "common/runtime/task.h"

namespace strawberry::cli {

inline constexpr const char* demo_user = "demo";
/// Timeout for an answer of the hub that needs no model.
inline constexpr std::chrono::milliseconds patience{10'000};

struct DemoDevice {
  Who who;
  std::string token;
};

/// Returns the path of the token of the device of this name.
std::string token_file(const DataDir& dir, const std::string& name);
/// Called for each connect: returns the device's token while it is valid, then a new one, which is stored; so its key
/// may be retired.
std::function<std::string()> lasting_token(const DataDir& dir, const DemoDevice& device);

/// Asks the hub, as its admin, only for a device that it does not know yet.
Task<Outcome<DemoDevice>> join_household(asio::io_context& loop, DataDir dir, Endpoint endpoint, std::string name);

}  // namespace strawberry::cli
