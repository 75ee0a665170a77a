/// The words of a command line as the arguments of a skill.
///
/// Pure functions.   Errors: a Failure that says what was expected.
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

/// What parses as JSON is that value, anything else a string; `name=value` with a Python identifier for a name goes
/// into `kwargs`. Where the signature wants text and the value is none, the word stays as it was written: `42` and
/// `true` are text for a `str`. Fails when a name comes twice.
Result<CallArguments> parse_call_arguments(const std::vector<std::string>& words, const Signature& signature = {});

}  // namespace strawberry::cli
