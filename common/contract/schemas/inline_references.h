/// Replaces each reference in a JSON Schema by its target. None remains, and `$defs` and `definitions` are removed.
///
/// Only references into the schema itself (`#/…`) can be followed.
/// Pure.   Errors: Failure with the place: a reference to another document or to nothing, one that leads to itself, and
/// a schema that is too large.   Bounds: schema_values_max with all references replaced, schema_depth_max.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "common/text/result.h"

namespace strawberry {

inline constexpr std::size_t schema_values_max = 2000;
inline constexpr std::size_t schema_depth_max = 32;

enum class AtCycle {
  fail,
  admit_anything,  // the schema `{}` replaces a reference to a schema that contains it
};

Result<nlohmann::json> inline_references(const nlohmann::json& schema, AtCycle at_cycle);

/// Returns the number of values in `value`, itself included. The caller limits its depth.
std::size_t count_values(const nlohmann::json& value);

}  // namespace strawberry
