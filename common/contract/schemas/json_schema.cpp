#include "common/contract/schemas/json_schema.h"

#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace strawberry {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// Removes what valijson puts around a step of a path: `[skills]` or, in newer versions, `["skills"]`; `[0]`.
std::string name_of_step(std::string step) {
  for (const auto& [open, close] : {std::pair('[', ']'), std::pair('"', '"')}) {
    if (step.size() >= 2 && step.front() == open && step.back() == close) step = step.substr(1, step.size() - 2);
  }
  return step;
}

/// The first step is `<root>`. valijson names a missing member only in the sentence about its parent.
JsonPath to_path(const valijson::ValidationResults::Error& error) {
  JsonPath path;
  for (std::size_t i = 1; i < error.context.size(); ++i) {
    path.push_back(name_of_step(error.context[i]));
  }
  constexpr std::string_view missing = "Missing required property '";
  if (error.description.rfind(missing, 0) == 0) {
    path.push_back(error.description.substr(missing.size(), error.description.rfind('\'') - missing.size()));
  }
  return path;
}

/// Returns the deepest of all errors, and the first of equally deep ones: errors above it are consequences of it.
JsonPath deepest(const valijson::ValidationResults& results) {
  JsonPath best;
  for (const auto& error : results) {
    if (error.context.size() < best.size()) continue;
    JsonPath path = to_path(error);
    if (path.size() > best.size()) best = std::move(path);
  }
  return best;
}

}  // namespace

struct JsonSchema::Compiled {
  valijson::Schema schema;
  valijson::Validator validator{valijson::Validator::kStrongTypes};
};

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::compile(const nlohmann::json& schema) {
  try {
    auto compiled = std::make_unique<Compiled>();
    const Adapter adapter(schema);
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, compiled->schema);
    return JsonSchema(std::move(compiled));
  } catch (const std::exception& problem) {
    return fail(problem.what());
  }
}

std::optional<JsonPath> JsonSchema::find_problem(const nlohmann::json& document) const {
  const Adapter target(document);
  if (compiled_->validator.validate(compiled_->schema, target, nullptr)) return std::nullopt;
  // Only invalid documents are validated a second time, to find the place.
  valijson::ValidationResults results;
  compiled_->validator.validate(compiled_->schema, target, &results);
  return deepest(results);
}

}  // namespace strawberry
