/// Parses JSON from the network within limits that are checked before anything is built from it. Pure functions.
///
/// The depth limit prevents a crash: writing JSON recurses, so a hundred thousand brackets would end the process.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/contract/correlation_id.h"

namespace strawberry {

inline constexpr std::size_t depth_max = 64;

/// True when brackets outside strings nest deeper than depth_max. Builds nothing.
bool nests_too_deep(std::string_view text);

/// Returns the value, or a discarded one (`is_discarded()`) when it is larger than `bytes_max`, too deep, or not JSON.
nlohmann::json parse_bounded_json(std::string_view text, std::size_t bytes_max);

}  // namespace strawberry
