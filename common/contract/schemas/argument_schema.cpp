#include "common/contract/schemas/argument_schema.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/contract/schemas/schema_keywords.h"
#include "common/contract/schemas/unknown_member.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t sentence_bytes_max = 400;
constexpr double whole_number_max = 9007199254740992.0;  // 2^53: larger doubles cannot represent every whole number

bool is_among(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* each) { return word == each; });
}

json evaluated_form(const json& schema);

json evaluated_part(KeywordHolds holds, const json& value) {
  if (holds == KeywordHolds::data || !value.is_structured()) return value;
  if (holds == KeywordHolds::schema && value.is_object()) return evaluated_form(value);
  json made = value;
  for (json& each : made) {
    if (each.is_object()) each = evaluated_form(each);
  }
  return made;
}

/// Returns the schema as draft 7 for the validator, without the keywords that are not evaluated.
json evaluated_form(const json& schema) {
  json made = json::object();
  const bool has_patterns = schema.contains("patternProperties");
  for (const auto& [keyword, value] : schema.items()) {
    if (is_among(keyword, {"pattern", "patternProperties", "format", "uniqueItems", "contentEncoding",
                           "contentMediaType", "contentSchema", "title", "description", "default", "examples"}))
      continue;
    if (keyword.starts_with('$') || keyword == "id") continue;
    // Which members a pattern admits is unknown, since patterns are not evaluated.
    if (has_patterns && keyword == "additionalProperties") continue;
    if (keyword == "dependentRequired" || keyword == "dependentSchemas") {
      made["dependencies"].update(evaluated_part(KeywordHolds::named_schemas, value));
      continue;
    }
    made[keyword] = evaluated_part(what_holds(keyword), value);
  }
  // Before 2020-12, an array of schemas was the value of `items`.
  if (made.contains("prefixItems")) {
    if (made.contains("items")) made["additionalItems"] = std::move(made["items"]);
    made["items"] = std::move(made["prefixItems"]);
    made.erase("prefixItems");
  }
  return made;
}

/// The validator divides by the number as an integer of 64 bits.
bool is_divisor(double number) { return number > 0 && number <= whole_number_max; }

Result<void> check_keywords(const json& schema) {
  if (!schema.is_structured()) return {};
  const auto too_long = [](const std::string& pattern) { return pattern.size() > ArgumentSchema::pattern_bytes_max; };
  const auto refuse = [] {
    return fail("the schema has a pattern of more than " + std::to_string(ArgumentSchema::pattern_bytes_max) +
                " bytes");
  };
  for (const auto& [name, value] : schema.items()) {
    if (schema.is_object() && name == "pattern" && value.is_string() && too_long(value.get_ref<const std::string&>()))
      return refuse();
    if (schema.is_object() && name == "patternProperties" && value.is_object()) {
      for (const auto& [pattern, inner] : value.items()) {
        if (too_long(pattern)) return refuse();
      }
    }
    if (schema.is_object() && name == "multipleOf" && value.is_number() && !is_divisor(value.get<double>()))
      return fail("the schema has a multipleOf that is not more than 0, or too large");
    if (auto good = check_keywords(value); !good) return good;
  }
  return {};
}

bool wants_whole(const json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return false;
  if (!type->is_array()) return *type == "integer";
  const auto has = [&](const char* name) { return std::find(type->begin(), type->end(), name) != type->end(); };
  return has("integer") && !has("number");
}

/// Converts 5.0 to 5 as for a signature's `int`.
void make_wholes(const json& schema, json& value) {
  if (!schema.is_object()) return;
  if (value.is_number_float() && wants_whole(schema)) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) <= whole_number_max) value = static_cast<std::int64_t>(number);
  }
  if (const auto items = schema.find("items"); items != schema.end() && value.is_array()) {
    for (json& each : value) make_wholes(*items, each);
  }
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object() || !value.is_object()) return;
  for (const auto& [name, inner] : properties->items()) {
    if (const auto member = value.find(name); member != value.end()) make_wholes(inner, *member);
  }
}

ArgumentSchema::Misfit unknown_argument(const UnknownMember& unknown) {
  std::string message = "there is no argument " + printable(json_pointer(unknown.path), 128);
  if (!unknown.meant.empty()) message += " (perhaps " + printable(unknown.meant, 64) + " is meant)";
  return {unknown.path, std::move(message)};
}

}  // namespace

ArgumentSchema::ArgumentSchema(json document, json evaluated, JsonSchema compiled)
    : document_(std::move(document)),
      evaluated_(std::move(evaluated)),
      compiled_(std::move(compiled)),
      values_(count_values(evaluated_)) {}

Result<ArgumentSchema> ArgumentSchema::read(const json& schema, AtCycle at_cycle) {
  auto document = inline_references(schema, at_cycle);
  if (!document) return tl::unexpected(document.error());
  if (!document->is_object()) return fail("the schema must be an object");
  for (const char* keyword : {"$schema", "$id", "id", "$comment"}) document->erase(keyword);
  if (const auto type = document->find("type"); type != document->end() && *type != "object")
    return fail("the schema's type must be object: arguments go by name");
  (*document)["type"] = "object";
  if (!document->contains("properties")) (*document)["properties"] = json::object();
  if (!document->contains("required")) (*document)["required"] = json::array();
  if (!document->at("properties").is_object()) return fail("the schema's properties must be an object");
  const json& required = document->at("required");
  if (!required.is_array() ||
      !std::all_of(required.begin(), required.end(), [](const json& each) { return each.is_string(); })) {
    return fail("the schema's required must be an array of names");
  }
  if (to_text(*document).size() > bytes_max)
    return fail("the schema has more than " + std::to_string(bytes_max) + " bytes");
  if (auto good = check_keywords(*document); !good) return tl::unexpected(good.error());
  json evaluated = evaluated_form(*document);
  auto compiled = JsonSchema::compile(evaluated);
  if (!compiled) return fail("the schema is not valid: " + printable(compiled.error().message, 200));
  return ArgumentSchema(std::move(*document), std::move(evaluated), std::move(*compiled));
}

Result<ArgumentSchema> ArgumentSchema::read_text(const std::string& text) {
  auto schema = json_from(text);
  if (schema.is_discarded()) return fail("the schema is no JSON");
  return read(schema);
}

std::optional<ArgumentSchema::Misfit> ArgumentSchema::check(json& arguments) const {
  if (count_values(arguments) > checks_max / values_)
    return Misfit{{}, "the arguments have too many values for a schema of this size"};
  try {
    make_wholes(evaluated_, arguments);
    if (const auto unknown = find_unknown_member(evaluated_, arguments)) return unknown_argument(*unknown);
    const auto path = compiled_.find_problem(arguments);
    if (!path) return std::nullopt;
    if (path->empty()) return Misfit{{}, "the arguments do not fit the skill's schema"};
    const auto problem = describe_problem(evaluated_, arguments, *path);
    return Misfit{*path, "the argument at " + printable(problem, sentence_bytes_max)};
  } catch (const std::exception&) {
    return Misfit{{}, "the arguments could not be checked"};
  }
}

}  // namespace strawberry
