#include "cli/spoke/mcp/schema_signature.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "common/contract/python_name.h"
#include "common/contract/signature.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t choices_max = 64;
constexpr std::size_t default_bytes_max = 200;
constexpr std::size_t nesting_max = 8;

struct TypeText {
  std::string text;  // empty: anything
  bool is_exact = true;
};

constexpr const char* remarks[] = {"title",    "description", "default",  "examples",
                                   "readOnly", "writeOnly",   "$comment", "deprecated"};

/// Returns whether the schema has no keywords except descriptive ones and these.
bool has_only(const json& schema, std::initializer_list<const char*> keywords) {
  for (const auto& [keyword, value] : schema.items()) {
    const auto is_it = [&keyword = keyword](const char* each) { return keyword == each; };
    if (std::none_of(std::begin(remarks), std::end(remarks), is_it) &&
        std::none_of(keywords.begin(), keywords.end(), is_it))
      return false;
  }
  return true;
}

std::string quoted(const std::string& text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string quote = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      quote += '\\';
      quote += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quote += std::string("\\x") + digits[byte >> 4U] + digits[byte & 15U];
    } else {
      quote += c;
    }
  }
  return quote + "'";
}

std::string literal_of(const json& value) {
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_string()) return quoted(value.get_ref<const std::string&>());
  if (value.is_number()) return value.dump();
  std::string text;
  for (const auto& [name, each] : value.items()) {
    text += (text.empty() ? "" : ", ") + (value.is_object() ? quoted(name) + ": " : std::string()) + literal_of(each);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

bool is_choice(const json& value) {
  return value.is_string() || value.is_number_integer() || value.is_boolean() || value.is_null();
}

TypeText choices_of(const json& values, bool is_exact) {
  if (values.empty() || values.size() > choices_max || !std::all_of(values.begin(), values.end(), is_choice))
    return {"", false};
  std::string list;
  for (const json& each : values) list += (list.empty() ? "" : ", ") + literal_of(each);
  return {"Literal[" + list + "]", is_exact};
}

TypeText type_of_schema(const json& schema, std::size_t depth);

template <class Each>
TypeText any_of_types(const json& list, std::size_t depth, Each each) {
  TypeText made;
  std::vector<std::string> seen;
  for (const json& one : list) {
    const TypeText type = each(one, depth + 1);
    if (type.text.empty()) return {"", false};
    made.is_exact = made.is_exact && type.is_exact;
    if (std::find(seen.begin(), seen.end(), type.text) != seen.end()) continue;
    seen.push_back(type.text);
    made.text += (made.text.empty() ? "" : " | ") + type.text;
  }
  return made;
}

TypeText list_of(const json& schema, std::size_t depth) {
  const auto items = schema.find("items");
  if (items == schema.end()) return {"list", has_only(schema, {"type"})};
  const TypeText item = type_of_schema(*items, depth + 1);
  return {item.text.empty() ? "list" : "list[" + item.text + "]", item.is_exact && has_only(schema, {"type", "items"})};
}

TypeText dict_of(const json& schema, std::size_t depth) {
  const bool is_plain = has_only(schema, {"type", "additionalProperties"});
  const auto values = schema.find("additionalProperties");
  if (values == schema.end() || *values == true) return {"dict", is_plain};
  if (!values->is_object()) return {"dict", false};
  const TypeText value = type_of_schema(*values, depth + 1);
  return {value.text.empty() ? "dict" : "dict[str, " + value.text + "]", value.is_exact && is_plain};
}

TypeText type_of_name(const json& schema, const std::string& name, std::size_t depth) {
  const bool is_plain = has_only(schema, {"type"});
  if (name == "string") return {"str", is_plain};
  if (name == "integer") return {"int", is_plain};
  if (name == "number") return {"float", is_plain};
  if (name == "boolean") return {"bool", is_plain};
  if (name == "null") return {"None", is_plain};
  if (name == "array") return list_of(schema, depth);
  if (name == "object") return dict_of(schema, depth);
  return {"", false};
}

TypeText type_of_schema(const json& schema, std::size_t depth) {
  if (depth > nesting_max || !schema.is_object()) return {"", schema == true};
  if (schema.contains("enum") && schema.at("enum").is_array())
    return choices_of(schema.at("enum"), has_only(schema, {"type", "enum"}));
  if (schema.contains("const"))
    return choices_of(json::array({schema.at("const")}), has_only(schema, {"type", "const"}));
  for (const char* keyword : {"anyOf", "oneOf"}) {
    if (!schema.contains(keyword) || !schema.at(keyword).is_array()) continue;
    TypeText any = any_of_types(schema.at(keyword), depth, type_of_schema);
    any.is_exact = any.is_exact && has_only(schema, {keyword});
    return any;
  }
  const auto type = schema.find("type");
  if (type == schema.end()) return {"", has_only(schema, {})};
  if (type->is_string()) return type_of_name(schema, type->get<std::string>(), depth);
  if (!type->is_array()) return {"", false};
  return any_of_types(*type, depth, [&schema](const json& name, std::size_t inner) {
    return name.is_string() ? type_of_name(schema, name.get<std::string>(), inner) : TypeText{"", false};
  });
}

bool is_parameter_name(const std::string& name) {
  constexpr std::size_t name_bytes_max = 128;
  return name.size() <= name_bytes_max && python_identifier(name) == name && !is_python_keyword(name);
}

/// Collects the parameters, in order.
class ParameterTexts {
 public:
  explicit ParameterTexts(const json& schema) {
    says_all_ = has_only(schema, {"type", "properties", "required", "additionalProperties"});
    const auto more = schema.find("additionalProperties");
    const bool is_closed = more == schema.end() || *more == false;
    takes_more_ = !is_closed || schema.contains("patternProperties");
    says_all_ = says_all_ && (is_closed || *more == true || *more == json::object());
    const json& properties = schema.at("properties");
    for (const json& name : schema.at("required")) {
      if (name.is_string()) add(name.get<std::string>(), properties, /*is_required=*/true);
    }
    for (const auto& [name, property] : properties.items()) add(name, properties, /*is_required=*/false);
  }

  std::string text(const std::string& function_name) const {
    std::string all = function_name + "(";
    for (std::size_t i = 0; i < parameters_.size(); ++i) all += (i == 0 ? "" : ", ") + parameters_[i];
    if (takes_more_) all += parameters_.empty() ? "**arguments" : ", **" + free_name();
    return all + ")";
  }
  bool says_all() const { return says_all_; }
  std::size_t count() const { return parameters_.size() + (takes_more_ ? 1 : 0); }

 private:
  void add(const std::string& name, const json& properties, bool is_required) {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
    if (!is_parameter_name(name)) {
      takes_more_ = true;
      says_all_ = false;
      return;
    }
    names_.push_back(name);
    const auto property = properties.find(name);
    const json anything = json::object();
    const json& schema = property == properties.end() ? anything : *property;
    const TypeText type = type_of_schema(schema, 0);
    says_all_ = says_all_ && type.is_exact;
    std::string text = name + (type.text.empty() ? "" : ": " + type.text);
    if (!is_required) text += (type.text.empty() ? "=" : " = ") + default_of(schema);
    parameters_.push_back(std::move(text));
  }

  static std::string default_of(const json& schema) {
    const auto given = schema.is_object() ? schema.find("default") : schema.end();
    if (given == schema.end()) return "None";
    std::string text = literal_of(*given);
    return text.size() <= default_bytes_max ? text : "None";
  }

  std::string free_name() const {
    std::string name = "arguments";
    while (std::find(names_.begin(), names_.end(), name) != names_.end()) name += "_";
    return name;
  }

  std::vector<std::string> names_;
  std::vector<std::string> parameters_;
  bool takes_more_ = false;
  bool says_all_ = true;
};

}  // namespace

SignatureForm signature_of_schema(const std::string& function_name, const json& schema) {
  const ParameterTexts parameters(schema);
  SignatureForm form{parameters.text(function_name), parameters.says_all()};
  // Text that Python refuses, or that is too long for the contract.
  if (parameters.count() > parameters_max || !parse_signature(form.text))
    return {function_name + "(**arguments)", /*says_all=*/false};
  return form;
}

bool admits_null(const json& schema) {
  if (!schema.is_object()) return schema == true;
  for (const char* keyword : {"anyOf", "oneOf"}) {
    if (schema.contains(keyword) && schema.at(keyword).is_array())
      return std::any_of(schema.at(keyword).begin(), schema.at(keyword).end(), admits_null);
  }
  if (schema.contains("enum") && schema.at("enum").is_array())
    return std::find(schema.at("enum").begin(), schema.at("enum").end(), nullptr) != schema.at("enum").end();
  const auto type = schema.find("type");
  if (type == schema.end()) return true;
  if (type->is_array()) return std::find(type->begin(), type->end(), "null") != type->end();
  return *type == "null";
}

}  // namespace strawberry::cli
