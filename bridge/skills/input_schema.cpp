#include "bridge/skills/input_schema.h"

#include "common/text/base64url.h"
#include "common/text/sha256.h"

#include <algorithm>
#include <utility>

#include "common/contract/schemas/argument_schema.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t name_shown_bytes_max = 64;

/// Returns the argument of the schema that the signature has no parameter for: a call binds its arguments to the
/// signature first.
std::string what_is_without_place(const json& document, const Signature& signature) {
  const auto& all = signature.parameters;
  const auto has_kind = [&](Parameter::Kind kind) {
    return std::any_of(all.begin(), all.end(), [&](const Parameter& each) { return each.kind == kind; });
  };
  if (has_kind(Parameter::Kind::var_positional)) return "a signature beside a schema has no *args";
  if (has_kind(Parameter::Kind::var_keyword)) return {};
  const auto has = [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const Parameter& each) { return each.name == name; });
  };
  for (const auto& [name, schema] : document.at("properties").items()) {
    if (!has(name))
      return "the signature has no parameter " + printable(name, name_shown_bytes_max) + " (add it, or **arguments)";
  }
  for (const json& name : document.at("required")) {
    const auto& text = name.get_ref<const std::string&>();
    if (!has(text)) return "required names " + printable(text, name_shown_bytes_max) + ", which is no parameter";
  }
  return {};
}

}  // namespace

Reply<std::string> read_input_schema(const json& skill, const Signature& signature, const std::string& place) {
  const auto given = skill.find("input_schema");
  if (given == skill.end() || given->is_null()) return std::string();
  const auto refuse = [&](const std::string& why) {
    return error(ErrorCode::bad_request, printable(signature.function_name, name_shown_bytes_max) + ": " + why,
                 {{"path", place + "/input_schema"}});
  };
  const auto schema = ArgumentSchema::read(*given);
  if (!schema) return refuse(schema.error().message);
  if (const auto why = what_is_without_place(schema->document(), signature); !why.empty()) return refuse(why);
  return to_text(schema->document());
}

json parameters_of(const SkillRow& skill, const Signature& signature) {
  if (!skill.input_schema.empty()) {
    auto schema = json_from(skill.input_schema);
    if (schema.is_object()) return schema;
  }
  return parameters_schema(signature);
}

json parameters_for_models(const SkillRow& skill, const Signature& signature) {
  auto schema = parameters_of(skill, signature);
  for (const char* keyword : {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "enum", "const"})
    schema.erase(keyword);
  return schema;
}

std::string digest_of_schema(std::string_view schema) {
  constexpr std::size_t digits = 16;
  return schema.empty() ? std::string() : base64url_encode(as_bytes(sha256(schema))).substr(0, digits);
}

}  // namespace strawberry::bridge
