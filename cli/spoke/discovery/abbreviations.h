/// Expands the short names of keys in discovery messages, and `~`.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace strawberry::cli::discovery {

/// Returns the long name of a component's key, short or long; it is static. Empty for an unknown key.
std::string_view full_key(std::string_view key);

/// Renames all keys to their long names, also in `device`, `origin`, `availability` and `components`. If both forms are
/// present, the long one wins.
void expand_keys(nlohmann::json& config);

/// Replaces the base `~` at the beginning or end of topics, and removes its key.
void expand_base(nlohmann::json& config);

}  // namespace strawberry::cli::discovery
