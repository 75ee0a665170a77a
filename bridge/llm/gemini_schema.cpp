#include "bridge/llm/gemini_schema.h"

#include <algorithm>
#include <string>

#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr const char* kept[] = {"description", "minItems", "maxItems", "minLength",     "maxLength",     "pattern",
                                "minimum",     "maximum",  "default",  "minProperties", "maxProperties", "nullable"};
/// What decides which values fit in ways the subset has no words for.
constexpr const char* beyond[] = {"$ref",        "allOf",   "oneOf", "not", "if", "patternProperties",
                                  "prefixItems", "contains"};

using Said = std::optional<json>;

Said convert(const json& schema);

bool is_text(const json& value) { return value.is_string(); }

void add_to_description(const std::string& sentence, json& to) {
  const auto before = string_at(to, "description");
  to["description"] = before.empty() ? sentence : before + " " + sentence;
}

/// `enum`, or `const` as an enum of one. Null among the values is said by `nullable`.
void convert_values(const json& schema, json& to) {
  json values = json::array();
  if (const json* one = member(schema, "const")) values.push_back(*one);
  if (const json* listed = member(schema, "enum"); listed && listed->is_array()) values = *listed;
  const auto without_null = std::remove(values.begin(), values.end(), json(nullptr));
  if (without_null != values.end()) to["nullable"] = true;
  values.erase(without_null, values.end());
  if (values.empty()) return;
  if (std::all_of(values.begin(), values.end(), is_text)) {
    if (!to.contains("type")) to["type"] = "string";
    if (to["type"] == "string") to["enum"] = std::move(values);
    return;
  }
  if (!to.contains("type")) {
    const auto are = [&](auto is) { return std::all_of(values.begin(), values.end(), is); };
    if (are([](const json& v) { return v.is_number_integer(); })) to["type"] = "integer";
    if (are([](const json& v) { return v.is_number_float(); })) to["type"] = "number";
    if (are([](const json& v) { return v.is_boolean(); })) to["type"] = "boolean";
  }
  std::string sentence = "One of:";
  for (const auto& value : values) sentence += " " + value.dump();
  add_to_description(sentence + ".", to);
}

/// Alternatives stand alone there: what was said beside them goes into each.
Said one_of(const std::vector<json>& alternatives, bool may_be_null, const json& beside) {
  json any = json::array();
  for (auto alternative : alternatives) {
    for (const auto& item : beside.items())
      if (!alternative.contains(item.key())) alternative[item.key()] = item.value();
    auto said = convert(alternative);
    if (!said) return std::nullopt;
    if (may_be_null) (*said)["nullable"] = true;
    any.push_back(std::move(*said));
  }
  if (any.empty()) return std::nullopt;
  if (any.size() == 1) return std::move(any.front());
  return json{{"anyOf", std::move(any)}};
}

Said convert_types(const json& schema, const json& types) {
  json beside = schema;
  beside.erase("type");
  std::vector<json> alternatives;
  for (const auto& type : types)
    if (type.is_string() && type != "null") alternatives.push_back({{"type", type}});
  return one_of(alternatives, std::find(types.begin(), types.end(), json("null")) != types.end(), beside);
}

Said convert_any(const json& schema, const json& any) {
  json beside = schema;
  beside.erase("anyOf");
  std::vector<json> alternatives;
  bool may_be_null = false;
  for (const auto& alternative : any) {
    const bool is_null = string_at(alternative, "type") == "null";
    may_be_null = may_be_null || is_null;
    if (!is_null) alternatives.push_back(alternative);
  }
  return one_of(alternatives, may_be_null, beside);
}

Said convert_object(const json& schema, json to) {
  const json* properties = member(schema, "properties");
  if (!properties || !properties->is_object() || properties->empty()) return std::nullopt;
  for (const auto& item : properties->items()) {
    auto property = convert(item.value());
    if (!property) return std::nullopt;
    to["properties"][item.key()] = std::move(*property);
  }
  if (const json* required = member(schema, "required"); required && required->is_array() && !required->empty())
    to["required"] = *required;
  return to;
}

Said convert(const json& schema) {
  if (!schema.is_object()) return std::nullopt;
  for (const char* key : beyond)
    if (schema.contains(key)) return std::nullopt;
  if (const json* any = member(schema, "anyOf"); any && any->is_array()) return convert_any(schema, *any);
  if (const json* types = member(schema, "type"); types && types->is_array()) return convert_types(schema, *types);

  json to = json::object();
  for (const char* key : kept)
    if (const json* value = member(schema, key)) to[key] = *value;
  if (auto type = string_at(schema, "type"); !type.empty()) to["type"] = std::move(type);
  convert_values(schema, to);
  const auto type = string_at(to, "type");
  if (type == "object") return convert_object(schema, std::move(to));
  if (type == "array") {
    const json* items = member(schema, "items");
    auto item = items ? convert(*items) : std::nullopt;
    if (!item) return std::nullopt;
    to["items"] = std::move(*item);
    return to;
  }
  const bool is_plain = type == "string" || type == "integer" || type == "number" || type == "boolean";
  return is_plain ? Said(std::move(to)) : std::nullopt;
}

}  // namespace

std::optional<json> gemini_schema(const json& schema) { return convert(schema); }

}  // namespace strawberry::bridge
