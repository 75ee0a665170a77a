/// Home Assistant's rules for a device discovery payload, as its documentation has them (2024.12 and later): what it
/// would refuse, and what it would drop without a word.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace strawberry::test {

/// What is wrong, one sentence each; none when Home Assistant takes it whole.
std::vector<std::string> complaints_about(const nlohmann::json& config);

}  // namespace strawberry::test
