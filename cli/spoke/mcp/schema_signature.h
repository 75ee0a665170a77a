/// A tool's JSON Schema as a Python signature: `read_file(path: str, head: float = None)`.
///
/// Pure.   Bounds: the contract's, of a signature. What does not fit in gets `**arguments`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

struct SignatureForm {
  std::string text;
  bool says_all = false;  // the schema adds nothing to it but descriptions
};

/// `schema` as ArgumentSchema::document() has it. Those that must be given come first, in the order of `required`.
SignatureForm signature_of_schema(const std::string& function_name, const nlohmann::json& schema);

/// Whether a value of this schema may be null.
bool admits_null(const nlohmann::json& schema);

}  // namespace strawberry::cli
