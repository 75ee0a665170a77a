/// Converts the words of a command line into the arguments of a skill.
///
/// Pure functions.   Errors: a Failure that states what was expected.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/contract/signature.h"
#include "common/text/result.h"

namespace strawberry::cli {

struct CallArguments {
  nlohmann::json args = nlohmann::json::array();
  nlohmann::json kwargs = nlohmann::json::object();
};

/// A word that parses as JSON is that value, any other a string; `name=value` with a Python identifier as name goes
/// into `kwargs`. Where the signature requires text, another value stays as it was written: `42` and `true` are text
/// for a `str`. Fails when a name occurs twice.
Result<CallArguments> parse_call_arguments(const std::vector<std::string>& words, const Signature& signature = {});

}  // namespace strawberry::cli
