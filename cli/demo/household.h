/// The demo's devices in the hub's directory: registered through the contract on first use, found again afterwards.
///
/// What a device needs to connect is kept in DATA_DIR/demo/, readable by its owner only, as a real device would.
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
/// For an answer of the hub's own, which no model is waited for.
inline constexpr std::chrono::milliseconds patience{10'000};

struct DemoDevice {
  Who who;
  std::string token;
};

/// Where the token of the device of this name is kept.
std::string token_file(const DataDir& dir, const std::string& name);
/// For each connect: the device's token as long as it is good, then a new one, which is kept; so its key may be
/// retired.
std::function<std::string()> lasting_token(const DataDir& dir, const DemoDevice& device);

/// Asks the hub, as its admin, only for a device that it does not know yet.
Task<Outcome<DemoDevice>> join_household(asio::io_context& loop, DataDir dir, Endpoint endpoint, std::string name);

}  // namespace strawberry::cli
