/// JSON from the network: bounded before anything is built from it. Pure functions.
///
/// Depth matters beyond taste: writing JSON out again recurses, a hundred thousand brackets would end the process.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace strawberry {

inline constexpr std::size_t depth_max = 64;
inline constexpr std::size_t correlation_id_bytes_max = 128;

/// Whether brackets outside strings nest deeper than depth_max. Builds nothing.
bool nests_too_deep(std::string_view text);

/// The value, or a discarded one (`is_discarded()`) when it is larger than `bytes_max`, too deep, or not JSON.
nlohmann::json parse_bounded_json(std::string_view text, std::size_t bytes_max);

/// The first top-level `correlation_id`, read without building anything, so that even what cannot be read to its end or
/// is too large can be answered by name.
std::optional<std::string> find_correlation_id(std::string_view payload);

}  // namespace strawberry
