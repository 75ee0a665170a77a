/// Does a value fit what parameters_schema() says of a parameter? For values that a model or a caller wrote.
///
/// Understands what that function emits: type, items, additionalProperties, anyOf, enum, default. As in JSON Schema,
/// 5.0 is a whole number; it is made one (5), for the skill's sake. Nothing else is converted: the text "5" is no
/// number.
/// Pure.   Errors: `bad_request`; the message and details.path name the place, the message what was expected.
/// Bounds: the caller's for depth and size; the message's here.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/contract/error.h"

namespace strawberry {

/// The value of the parameter `name`.
Reply<void> check_argument(const nlohmann::json& schema, nlohmann::json& value, const std::string& name);
/// The value at `place`, a JSON Pointer.
Reply<void> check_value(const nlohmann::json& schema, nlohmann::json& value, const std::string& place);

}  // namespace strawberry
