#include "common/contract/schemas/complaint.h"

#include <charconv>

#include "common/text/json_text.h"

namespace strawberry {
namespace {

using nlohmann::json;

/// Returns the item of `array` at `index`; null when there is none.
const json* element(const json& array, const std::string& index) {
  std::size_t number = 0;
  const char* end = index.data() + index.size();
  const auto [stop, failure] = std::from_chars(index.data(), end, number);
  if (failure != std::errc() || stop != end || number >= array.size()) return nullptr;
  return &array[number];
}

const json* find_value(const json& document, const JsonPath& path) {
  const json* place = &document;
  for (const std::string& step : path) {
    if (place->is_array()) {
      place = element(*place, step);
    } else {
      const auto member = place->is_object() ? place->find(step) : place->end();
      place = place->is_object() && member != place->end() ? &*member : nullptr;
    }
    if (place == nullptr) return nullptr;
  }
  return place;
}

/// Returns the schema that governs `path`; null where the schema does not determine it (anyOf and the like).
const json* find_schema(const json& schema, const JsonPath& path) {
  const json* place = &schema;
  for (const std::string& step : path) {
    const auto items = place->find("items");
    const auto properties = place->find("properties");
    if (properties != place->end() && properties->contains(step)) {
      place = &properties->at(step);
    } else if (items != place->end() && items->is_object()) {
      place = &*items;
    } else {
      return nullptr;
    }
  }
  return place;
}

/// Returns ` of 1 to 128 characters`, ` of at most 32 items`, or an empty text.
std::string size_range(const json& schema, const char* least_key, const char* most_key, const std::string& unit) {
  const auto least = schema.find(least_key);
  const auto most = schema.find(most_key);
  if (least != schema.end() && most != schema.end())
    return " of " + to_text(*least) + " to " + to_text(*most) + " " + unit;
  if (most != schema.end()) return " of at most " + to_text(*most) + " " + unit;
  if (least != schema.end()) return " of at least " + to_text(*least) + " " + unit;
  return "";
}

std::string number_range(const json& schema) {
  const auto least = schema.find("minimum");
  const auto most = schema.find("maximum");
  if (least != schema.end() && most != schema.end()) return " from " + to_text(*least) + " to " + to_text(*most);
  if (most != schema.end()) return " of at most " + to_text(*most);
  if (least != schema.end()) return " of at least " + to_text(*least);
  return "";
}

std::string describe_type(const json& schema, const std::string& type) {
  if (type == "string") return "a string" + size_range(schema, "minLength", "maxLength", "characters");
  if (type == "integer") return "an integer" + number_range(schema);
  if (type == "number") return "a number" + number_range(schema);
  if (type == "boolean") return "true or false";
  if (type == "array") return "an array" + size_range(schema, "minItems", "maxItems", "items");
  if (type == "object") return "an object" + size_range(schema, "minProperties", "maxProperties", "members");
  return type;
}

std::string join_or(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string json_pointer(const JsonPath& path) {
  std::string pointer;
  for (const std::string& step : path) {
    pointer += '/';
    for (const char c : step) {
      if (c == '~') {
        pointer += "~0";
      } else if (c == '/') {
        pointer += "~1";
      } else {
        pointer += c;
      }
    }
  }
  return pointer;
}

std::string describe_expected(const json& schema) {
  if (const auto constant = schema.find("const"); constant != schema.end()) return to_text(*constant);
  if (const auto choices = schema.find("enum"); choices != schema.end()) {
    std::vector<std::string> words;
    for (const json& choice : *choices) words.push_back(to_text(choice));
    return join_or(words);
  }
  const auto type = schema.find("type");
  // A title inside a schema is written for this sentence; the title of an object is its name.
  if (const auto title = schema.find("title"); title != schema.end() && !schema.contains("$schema")) {
    return title->get<std::string>();
  }
  if (type != schema.end() && type->is_string()) return describe_type(schema, type->get<std::string>());
  if (type != schema.end() && type->is_array()) {
    std::vector<std::string> words;
    for (const json& word : *type) words.push_back(describe_type(schema, word.get<std::string>()));
    return join_or(words);
  }
  return "something else";
}

std::string describe_value(const json& value) {
  if (value.is_array()) return value.empty() ? "an empty array" : "an array of " + std::to_string(value.size());
  if (value.is_object()) return "an object";
  if (value.is_string() && value.get_ref<const std::string&>().size() > value_bytes_max) {
    return "a string of " + std::to_string(value.get_ref<const std::string&>().size()) + " bytes";
  }
  const std::string text = to_text(value);
  return text.size() <= value_bytes_max ? text : "what was sent";
}

std::string describe_problem(const json& schema, const json& document, const JsonPath& path) {
  const json* expected = find_schema(schema, path);
  const json* value = find_value(document, path);
  const std::string pointer = json_pointer(path);
  const std::string place = path.empty() ? "The request" : pointer.size() <= value_bytes_max ? pointer : "A member";
  const std::string wanted = expected != nullptr ? describe_expected(*expected) : "something else";
  if (value == nullptr) return place + " is missing: it must be " + wanted + ".";
  // For an object with too many members, the sentence gives their number.
  if (value->is_object() && wanted.rfind("an object", 0) == 0) {
    return place + " must be " + wanted + ", not one of " + std::to_string(value->size()) + ".";
  }
  return place + " must be " + wanted + ", not " + describe_value(*value) + ".";
}

}  // namespace strawberry
