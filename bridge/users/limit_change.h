/// The `limits` of a request that changes those of one user: numbers by name, null for the configuration's again.
///
/// Pure.   Errors: `bad_request` with details.path, and details.limits: the names there are.   Bounds: limit_max.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "bridge/ports/limit_store.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

inline constexpr std::int64_t limit_max = 1'000'000'000'000'000;

/// 0: any number, as in the configuration.
using LimitChange = std::map<LimitKind, std::optional<std::int64_t>>;

/// `limits`: an object.
Reply<LimitChange> read_limit_change(const nlohmann::json& limits);

}  // namespace strawberry::bridge
