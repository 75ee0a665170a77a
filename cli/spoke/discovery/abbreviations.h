/// The short names of keys in discovery messages, and `~`.
///
/// Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace strawberry::cli::discovery {

/// The long name of a key of a component, short or long; lives for ever. Empty for a key that means nothing here.
std::string_view full_key(std::string_view key);

/// Makes long names of all keys, in `device`, `origin`, `availability` and `components` too. Where a key is there twice
/// the long name counts.
void expand_keys(nlohmann::json& config);

/// Puts the base `~` into the topics that begin or end with it, and takes it out.
void expand_base(nlohmann::json& config);

}  // namespace strawberry::cli::discovery
