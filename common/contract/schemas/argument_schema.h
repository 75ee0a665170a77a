/// The JSON Schema of a skill's arguments by name, which a device may register beside the signature: read, bounded, and
/// compiled to check calls.
///
/// The devices' owners write these schemas, and each call evaluates one on the event loop. So references are resolved
/// when the schema is read, and keywords that may cost more than arguments times schema are not evaluated: `pattern`,
/// `patternProperties`, `format` and `uniqueItems` stay in the schema for its readers, and the device checks them
/// itself.
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
  static constexpr std::size_t bytes_max = 16 * 1024;  // as JSON text, references resolved
  static constexpr std::size_t pattern_bytes_max = 512;
  /// Limit of the number of values in the arguments times the number of values in the schema.
  static constexpr std::size_t checks_max = 1'000'000;

  struct Misfit {
    JsonPath path;  // within the arguments: the first step is an argument's name
    std::string message;
  };

  static Result<ArgumentSchema> read(const nlohmann::json& schema, AtCycle at_cycle = AtCycle::fail);
  /// Reads the text of a document(), as stored.
  static Result<ArgumentSchema> read_text(const std::string& text);

  /// The schema as given, with references resolved. `type` is object; `properties` and `required` are present.
  const nlohmann::json& document() const { return document_; }
  /// Checks `arguments` by name. Converts whole numbers that were written with a fraction (5.0) where the schema wants
  /// an integer.
  std::optional<Misfit> check(nlohmann::json& arguments) const;

 private:
  ArgumentSchema(nlohmann::json document, nlohmann::json evaluated, JsonSchema compiled);

  nlohmann::json document_;
  nlohmann::json evaluated_;  // draft 7, without the keywords that are not evaluated
  JsonSchema compiled_;       // evaluated_, compiled
  std::size_t values_;        // number of values in evaluated_
};

}  // namespace strawberry
