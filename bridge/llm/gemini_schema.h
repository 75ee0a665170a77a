/// Converts JSON Schema to Gemini's subset of OpenAPI schemas, which every Gemini model supports.
///
/// Pure. Keywords that only describe or restrict (`additionalProperties`, `format`, `title`, exclusive bounds, …) are
/// left out: the receiver of the arguments checks them anyway. `const` becomes an `enum`, a list of types `anyOf`, null
/// `nullable`. Values that an enum cannot contain (it allows only text) are listed in the description.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace strawberry::bridge {

/// Returns nothing when the subset cannot express it: references, schemas without a type, arrays of anything, ….
std::optional<nlohmann::json> gemini_schema(const nlohmann::json& schema);

}  // namespace strawberry::bridge
