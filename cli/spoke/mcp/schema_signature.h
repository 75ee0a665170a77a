/// Converts a tool's JSON Schema to a Python signature: `read_file(path: str, head: float = None)`.
///
/// Pure.   Bounds: the contract's, of a signature. A schema that does not fit becomes `**arguments`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace strawberry::cli {

struct SignatureForm {
  std::string text;
  bool says_all = false;  // the schema adds only descriptions
};

/// `schema` as returned by ArgumentSchema::document(). Required parameters come first, in the order of `required`.
SignatureForm signature_of_schema(const std::string& function_name, const nlohmann::json& schema);

/// Whether a value of this schema may be null.
bool admits_null(const nlohmann::json& schema);

}  // namespace strawberry::cli
