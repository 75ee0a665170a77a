/// The JSON Schema of a skill's arguments by name, as a device may register it beside the signature: read, bounded, and
/// made ready to check calls.
///
/// The devices' owners write these schemas, and each call runs one on the event loop. So references are put in place
/// when it is read, and what can cost more than arguments times schema is not evaluated: `pattern`,
/// `patternProperties`, `format` and `uniqueItems` are kept for those who read the schema, and are the device's own
/// business.
/// Threading: one thread at a time.   Lifetime: immutable once read.   Errors: read(): Failure, a sentence with the
/// place; check(): Misfit.   Bounds: the constants below, schema_values_max and schema_depth_max.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/contract/schemas/inline_references.h"
#include "common/contract/schemas/json_schema.h"
#include "common/text/result.h"

namespace strawberry {

class ArgumentSchema {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024;  // as JSON text, references in place
  static constexpr std::size_t pattern_bytes_max = 512;
  /// Values in the arguments times values in the schema.
  static constexpr std::size_t checks_max = 1'000'000;

  struct Misfit {
    JsonPath path;  // from the arguments: its first step is an argument's name
    std::string message;
  };

  static Result<ArgumentSchema> read(const nlohmann::json& schema, AtCycle at_cycle = AtCycle::fail);
  /// Of document() as text.
  static Result<ArgumentSchema> read_text(const std::string& text);

  /// As given, with references in place. `type` is object; `properties` and `required` are there.
  const nlohmann::json& document() const { return document_; }
  /// `arguments` by name. Whole numbers that were written with a fraction (5.0) become what the schema says.
  std::optional<Misfit> check(nlohmann::json& arguments) const;

 private:
  ArgumentSchema(nlohmann::json document, nlohmann::json evaluated, JsonSchema compiled);

  nlohmann::json document_;
  nlohmann::json evaluated_;  // draft 7, without what is not evaluated
  JsonSchema compiled_;       // of it
  std::size_t values_;        // in it
};

}  // namespace strawberry
