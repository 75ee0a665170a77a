/// Home Assistant's rules for a device discovery payload, from its documentation (2024.12 and later): what it refuses,
/// and what it silently drops.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace strawberry::test {

/// Returns the faults, one sentence each; empty when Home Assistant accepts all of it.
std::vector<std::string> complaints_about(const nlohmann::json& config);

}  // namespace strawberry::test
