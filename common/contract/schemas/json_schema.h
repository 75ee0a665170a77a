/// A compiled JSON Schema (draft 7): the validator behind two functions.
///
/// Threading: one thread at a time (compiled patterns are cached).   Lifetime: immutable once compiled.
/// Errors: compile() returns why the validator rejects the schema. find_problem() throws std::exception when the
/// validator gives up on a document (a pattern that costs too much).
/// Bounds: the caller limits the schema and the document.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/contract/schemas/complaint.h"
#include "common/text/result.h"

namespace strawberry {

class JsonSchema {
 public:
  static Result<JsonSchema> compile(const nlohmann::json& schema);
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  /// Returns nothing when `document` is valid, otherwise the deepest place that is wrong. A missing member's place is
  /// where it should be.
  std::optional<JsonPath> find_problem(const nlohmann::json& document) const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace strawberry
