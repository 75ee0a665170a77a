/// JSON from the network: bounded before anything is built from it. Pure functions.
///
/// Depth matters beyond taste: writing JSON out again recurses, a hundred thousand brackets would end the process.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/contract/correlation_id.h"

namespace strawberry {

inline constexpr std::size_t depth_max = 64;

/// Whether brackets outside strings nest deeper than depth_max. Builds nothing.
bool nests_too_deep(std::string_view text);

/// The value, or a discarded one (`is_discarded()`) when it is larger than `bytes_max`, too deep, or not JSON.
nlohmann::json parse_bounded_json(std::string_view text, std::size_t bytes_max);

}  // namespace strawberry
