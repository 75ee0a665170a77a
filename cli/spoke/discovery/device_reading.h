/// Makes the answer of `Device.read`: the states of a device's entities, by the names of their classes.
///
/// Pure.   Bounds: read_bytes_max; above it `attributes` are left out.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/spoke/discovery/device_table.h"
#include "common/text/clock.h"

namespace strawberry::cli::discovery {

inline constexpr std::size_t read_bytes_max = 64 * 1024;

nlohmann::json read_device(const HomeDevice& device, SteadyTime now);

/// True if it is available, and its state not older than its `expire_after`.
bool is_available(const Entity& entity, SteadyTime now);

}  // namespace strawberry::cli::discovery
