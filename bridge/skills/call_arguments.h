/// Do the arguments of a call fit the signature of the skill? As Python binds them (a name given twice, one too many,
/// one missing), and each with the type its annotation names (argument_check.h): the same rules for a person's call and
/// for a model's.
///
/// What a signature leaves open is not checked: parameters without annotation, what goes into `*args` and `**kwargs`
/// without one. Where the skill has a JSON Schema beside the signature, the arguments by name must be valid for it,
/// too. Errors: `bad_request`; details.path is the place in the request (`/args/1`, `/kwargs/volume`).
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "common/contract/error.h"
#include "common/contract/schemas/argument_schema.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

/// A signature, and the schema beside it, made ready for checking calls.
struct CallShape {
  Signature signature;
  nlohmann::json properties;  // of parameters_schema(), by parameter
  std::shared_ptr<const ArgumentSchema> schema = nullptr;
};

/// Whole numbers that were written with a fraction (5.0) become what the signature says. Pure.
Reply<void> fit_arguments(const CallShape& shape, nlohmann::json& args, nlohmann::json& kwargs);

/// Remembers shapes, since the same skills are called again and again.
/// Threading: loop only.   Bounds: shapes_max, schema_bytes_max of schemas' text; then it starts anew.
class CallShapes {
 public:
  static constexpr std::size_t shapes_max = 1024;
  static constexpr std::size_t schema_bytes_max = 1024 * 1024;

  /// `input_schema` as SkillRow has it. Null for a signature or a schema that does not parse. Valid as long as the
  /// caller keeps it.
  std::shared_ptr<const CallShape> of(const std::string& signature, const std::string& input_schema = {});
  std::size_t size() const { return shapes_.size(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<const CallShape>> shapes_;
  std::size_t schema_bytes_ = 0;
};

}  // namespace strawberry::bridge
