/// Do the arguments of a call fit the signature of the skill? As Python binds them (a name given twice, one too many,
/// one missing), and each with the type its annotation names (argument_check.h): the same rules for a person's call and
/// for a model's.
///
/// What a signature leaves open is not checked: parameters without annotation, what goes into `*args` and `**kwargs`
/// without one.
/// Errors: `bad_request`; details.path is the place in the request (`/args/1`, `/kwargs/volume`).
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "common/contract/error.h"
#include "common/contract/signature.h"

namespace strawberry {

/// A signature made ready for checking calls.
struct CallShape {
  Signature signature;
  nlohmann::json properties;  // of parameters_schema(), by parameter
};

/// Whole numbers that were written with a fraction (5.0) become what the signature says. Pure.
Reply<void> fit_arguments(const CallShape& shape, nlohmann::json& args, nlohmann::json& kwargs);

/// Remembers shapes, since the same skills are called again and again.
/// Threading: loop only.   Bounds: shapes_max; then it starts anew.
class CallShapes {
 public:
  static constexpr std::size_t shapes_max = 1024;

  /// Null for a signature that does not parse. Valid as long as the caller keeps it.
  std::shared_ptr<const CallShape> of(const std::string& signature);
  std::size_t size() const { return shapes_.size(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<const CallShape>> shapes_;
};

}  // namespace strawberry
