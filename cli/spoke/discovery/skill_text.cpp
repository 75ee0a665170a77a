#include "cli/spoke/discovery/skill_text.h"

#include <algorithm>
#include <cmath>

#include "cli/spoke/argument_binding.h"
#include "cli/text.h"
#include "common/contract/signature.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;
using Type = ActionParameter::Type;

constexpr std::size_t literal_bytes_max = 700;   // for one parameter in a signature
constexpr std::size_t schema_options_max = 400;  // in a schema, whose limit is 2 000 values
constexpr std::size_t schema_bytes_max = 12 * 1024;

std::string python_string(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// Returns `Literal['a', 'b']`; empty if that is too long, or a text is not allowed in a signature.
std::string literal_of(const ActionParameter& parameter) {
  std::string out;
  for (const std::string& option : parameter.options) {
    const bool is_plain = std::none_of(option.begin(), option.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    out += (out.empty() ? "Literal[" : ", ") + python_string(option);
    if (!is_plain || out.size() > literal_bytes_max) return {};
  }
  return out.empty() ? out : out + "]";
}

std::string type_of_parameter(const ActionParameter& parameter) {
  switch (parameter.type) {
    case Type::integer: return "int";
    case Type::number: return "float";
    case Type::boolean: return "bool";
    case Type::integers: return "list[int]";
    case Type::numbers: return "list[float]";
    case Type::object: return "dict";
    default: break;
  }
  std::string literal = literal_of(parameter);
  return literal.empty() ? "str" : literal;
}

std::string number_text(double number) { return to_python_text(whole_or_float(number)); }

json schema_of_parameter(const ActionParameter& parameter) {
  json schema = json::object();
  const auto limit = [&](json& to) {
    if (parameter.least) to["minimum"] = json_number(*parameter.least);
    if (parameter.most) to["maximum"] = json_number(*parameter.most);
  };
  switch (parameter.type) {
    case Type::integer: schema["type"] = "integer"; break;
    case Type::number: schema["type"] = "number"; break;
    case Type::boolean: schema["type"] = "boolean"; break;
    case Type::object: schema["type"] = "object"; break;
    case Type::integers:
    case Type::numbers: {
      json items = {{"type", parameter.type == Type::integers ? "integer" : "number"}};
      limit(items);
      schema = {{"type", "array"}, {"items", items}, {"minItems", parameter.items}, {"maxItems", parameter.items}};
      return schema;
    }
    case Type::text:
      schema["type"] = "string";
      if (!parameter.options.empty() && parameter.options.size() <= schema_options_max)
        schema["enum"] = parameter.options;
      return schema;
  }
  limit(schema);
  return schema;
}

bool needs_schema(const ActionParameter& parameter) {
  if (parameter.least || parameter.most || parameter.items > 0) return true;
  return !parameter.options.empty() && literal_of(parameter).empty();
}

json input_schema_of(const Action& action) {
  if (std::none_of(action.parameters.begin(), action.parameters.end(), needs_schema)) return nullptr;
  json properties = json::object(), required = json::array();
  for (const ActionParameter& parameter : action.parameters) {
    properties[parameter.name] = schema_of_parameter(parameter);
    if (parameter.is_required) required.push_back(parameter.name);
  }
  json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  if (to_text(schema).size() > schema_bytes_max) return nullptr;
  return schema;
}

std::string parameter_line(const ActionParameter& parameter) {
  std::string line = parameter.name + ": " + parameter.about;
  if (parameter.least && parameter.most)
    line += ", from " + number_text(*parameter.least) + " to " + number_text(*parameter.most);
  if (!parameter.options.empty() && literal_of(parameter).empty()) line += ", one of " + first_of(parameter.options);
  return line;
}

Result<void> check_one(const ActionParameter& parameter, const json& value) {
  const auto check_number = [&](const json& number) -> Result<void> {
    const double given = number.get<double>();
    if ((parameter.least && given < *parameter.least) || (parameter.most && given > *parameter.most) ||
        !std::isfinite(given))
      return fail("the argument " + parameter.name + " is out of range: " + number_text(given) + " (" +
                  (parameter.least ? number_text(*parameter.least) : "…") + " to " +
                  (parameter.most ? number_text(*parameter.most) : "…") + ")");
    return {};
  };
  if (value.is_number()) return check_number(value);
  if (value.is_array()) {
    if (parameter.items != 0 && value.size() != parameter.items)
      return fail("the argument " + parameter.name + " has " + std::to_string(parameter.items) + " numbers");
    for (const json& each : value) {
      if (auto good = check_number(each); !good) return good;
    }
  }
  if (value.is_string() && !parameter.options.empty() &&
      std::find(parameter.options.begin(), parameter.options.end(), value.get<std::string>()) ==
          parameter.options.end())
    return fail("the argument " + parameter.name + " must be one of " + first_of(parameter.options));
  return {};
}

}  // namespace

std::string signature_of(const Action& action) {
  std::string out = action.name + "(";
  for (const ActionParameter& parameter : action.parameters) {
    if (out.back() != '(') out += ", ";
    out += parameter.name + ": " + type_of_parameter(parameter) + (parameter.is_required ? "" : " = None");
  }
  return out + ") -> str";
}

std::string phrase_of(const Action& action, const std::string& shown) {
  std::string phrase = action.phrase;
  if (const auto at = phrase.find('%'); at != std::string::npos) phrase.replace(at, 1, shown);
  return phrase;
}

json skill_of(const Action& action, const std::string& class_name, const std::string& shown, const std::string& area,
              bool is_setting) {
  std::string docstring = phrase_of(action, shown);
  if (docstring[0] >= 'a' && docstring[0] <= 'z') docstring[0] = static_cast<char>(docstring[0] - 32);
  if (!area.empty()) docstring += ", in " + area;
  docstring += is_setting ? " (a setting)." : ".";
  for (const ActionParameter& parameter : action.parameters) docstring += "\n" + parameter_line(parameter);
  json skill = {{"class_name", class_name}, {"function_name", action.name}, {"signature", signature_of(action)},
                {"docstring", docstring},   {"confirm", action.confirm},    {"device_agnostic", false}};
  if (json schema = input_schema_of(action); !schema.is_null()) skill["input_schema"] = std::move(schema);
  return skill;
}

Result<Arguments> arguments_of(const Action& action, const std::string& path, const json& args, const json& kwargs) {
  const auto signature = parse_signature(signature_of(action));
  if (!signature) return fail("its signature cannot be read: " + signature.error().message);
  auto bound = bind_arguments(*signature, parameters_schema(*signature), path, args, kwargs);
  if (!bound) return tl::unexpected(bound.error());
  json given = json::object();
  for (const ActionParameter& parameter : action.parameters) {
    json& value = (*bound)[parameter.name];
    if (value.is_null()) continue;
    if (auto good = check_one(parameter, value); !good) return tl::unexpected(good.error());
    given[parameter.name] = std::move(value);
  }
  return Arguments(std::move(given));
}

}  // namespace strawberry::cli::discovery
