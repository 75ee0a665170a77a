/// Checks that a value fits the schema that parameters_schema() made for a parameter. For values that a model or
/// another client wrote.
///
/// Understands what that function emits: type, items, additionalProperties, anyOf, enum, default. As in JSON Schema,
/// 5.0 is a whole number; it is converted to 5, because a skill expects an integer. Nothing else is converted: the text
/// "5" is not a number.
/// Pure.   Errors: `bad_request`; the message and details.path name the place, the message what was expected.
/// Bounds: the caller limits depth and size of the value; the message is limited here.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "common/contract/error.h"

namespace strawberry {

/// Checks the value of the parameter `name`.
Reply<void> check_argument(const nlohmann::json& schema, nlohmann::json& value, const std::string& name);
/// Checks the value at `place`, a JSON Pointer.
Reply<void> check_value(const nlohmann::json& schema, nlohmann::json& value, const std::string& place);

}  // namespace strawberry
