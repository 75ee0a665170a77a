/// JSON Schema as Gemini takes it: a subset of OpenAPI's, which every model of theirs knows.
///
/// Pure. What only describes or narrows down (`additionalProperties`, `format`, `title`, exclusive bounds, …) is left
/// out: whoever gets the arguments checks them anyway. `const` becomes an `enum`, a list of types `anyOf`, null
/// `nullable`, and values an enum cannot have (it takes text alone) are told in the description.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace strawberry::bridge {

/// Nothing when the subset cannot say it: references, schemas without a type, arrays of anything, ….
std::optional<nlohmann::json> gemini_schema(const nlohmann::json& schema);

}  // namespace strawberry::bridge
