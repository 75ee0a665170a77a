/// Binds a call's arguments to a signature, as Python does for `f(*args, **kwargs)`, and checks them against its types.
///
/// Pure.   Errors: Failure, for the caller of the skill.   Bounds: the caller limits the arguments.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "common/contract/signature.h"
#include "common/text/result.h"

namespace strawberry::cli {

/// By name, each parameter of the signature once: with its default if it was not given.
using BoundArguments = std::map<std::string, nlohmann::json>;

/// `schema` is parameters_schema() of the signature, whose defaults are all literals. `path` names the skill in errors;
/// `args` and `kwargs` are as received, null when they were missing. A number becomes a text where one is required.
Result<BoundArguments> bind_arguments(const Signature& signature, const nlohmann::json& schema, const std::string& path,
                                      const nlohmann::json& args, const nlohmann::json& kwargs);

}  // namespace strawberry::cli
