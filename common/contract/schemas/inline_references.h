/// Puts what a JSON Schema refers to in the places that refer to it, so that none is left: `$defs` and `definitions`
/// go.
///
/// Only references into the schema itself (`#/…`) can be followed.
/// Pure.   Errors: Failure with the place: a reference to somewhere else or to nothing, one that leads to itself, and
/// what is too large.   Bounds: schema_values_max with everything in place, schema_depth_max.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "common/text/result.h"

namespace strawberry {

inline constexpr std::size_t schema_values_max = 2000;
inline constexpr std::size_t schema_depth_max = 32;

enum class AtCycle {
  fail,
  admit_anything,  // the schema `{}` where a reference leads back to what it is in
};

Result<nlohmann::json> inline_references(const nlohmann::json& schema, AtCycle at_cycle);

/// How many values there are in `value`, itself included. Its depth is the caller's bound.
std::size_t count_values(const nlohmann::json& value);

}  // namespace strawberry
