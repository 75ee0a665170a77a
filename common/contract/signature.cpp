#include "common/contract/signature.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/contract/python_expression.h"

namespace strawberry {
namespace {

using nlohmann::json;
using python::Expression;
using Form = python::Expression::Kind;

constexpr std::size_t schema_nesting_max = 16;

template <std::size_t size>
bool is_among(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 11> arrays = {"list",      "List",       "set",        "Set",
                                                     "frozenset", "FrozenSet",  "Sequence",   "MutableSequence",
                                                     "Iterable",  "Collection", "AbstractSet"};
constexpr std::array<std::string_view, 2> tuples = {"tuple", "Tuple"};
constexpr std::array<std::string_view, 4> objects = {"dict", "Dict", "Mapping", "MutableMapping"};
/// Modules whose types have the same meaning without the module's name.
constexpr std::array<std::string_view, 6> modules = {"builtins", "typing", "typing_extensions",
                                                     "types",    "t",      "collections.abc"};

/// `typing.List` → `List`; names of other modules stay as they are.
std::string_view without_module(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot != std::string_view::npos && is_among(modules, name.substr(0, dot)) ? name.substr(dot + 1) : name;
}

/// Returns a Python literal as JSON; nothing for an expression, or a value that JSON cannot represent.
std::optional<json> literal(const Expression& expression, std::size_t depth) {
  if (depth > schema_nesting_max) return std::nullopt;
  if (expression.kind == Form::value) return expression.literal;
  if (expression.kind != Form::list && expression.kind != Form::dict) return std::nullopt;
  std::vector<json> values;
  for (const auto& part : expression.parts) {
    auto value = literal(part, depth + 1);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  if (expression.kind == Form::list) return json(std::move(values));
  json object = json::object();
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    if (!values[i].is_string()) return std::nullopt;
    object[values[i].get_ref<const std::string&>()] = std::move(values[i + 1]);
  }
  return object;
}

json type_schema(const Expression& type, std::size_t depth);

json any_of(std::vector<Expression>::const_iterator begin, std::vector<Expression>::const_iterator end,
            std::size_t depth) {
  json any = json::array();
  for (; begin != end; ++begin) any.push_back(type_schema(*begin, depth + 1));
  if (any.size() == 1) return any.front();
  return {{"anyOf", std::move(any)}};
}

json named_schema(std::string_view name) {
  if (name == "str") return {{"type", "string"}};
  if (name == "int") return {{"type", "integer"}};
  if (name == "float") return {{"type", "number"}};
  if (name == "bool") return {{"type", "boolean"}};
  if (name == "NoneType") return {{"type", "null"}};
  if (is_among(tuples, name) || name == "list" || name == "List" || name == "set" || name == "Set" ||
      name == "frozenset" || name == "FrozenSet")
    return {{"type", "array"}};
  if (name == "dict" || name == "Dict") return {{"type", "object"}};
  return json::object();
}

/// Returns nothing when one of them is not a literal.
std::optional<json> choices(std::vector<Expression>::const_iterator begin,
                            std::vector<Expression>::const_iterator end) {
  json values = json::array();
  for (; begin != end; ++begin) {
    const bool is_nested = begin->kind == Form::subscript && begin->parts[0].kind == Form::name &&
                           without_module(begin->parts[0].text) == "Literal";
    if (is_nested) {
      auto inner = choices(begin->parts.begin() + 1, begin->parts.end());
      if (!inner) return std::nullopt;
      for (auto& value : *inner) values.push_back(std::move(value));
    } else if (begin->kind == Form::value) {
      values.push_back(begin->literal);
    } else {
      return std::nullopt;
    }
  }
  return values;
}

json generic_schema(const Expression& type, std::size_t depth) {
  if (type.parts[0].kind != Form::name) return json::object();
  auto name = std::string_view(type.parts[0].text);
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos) name.remove_prefix(dot + 1);  // typing.List
  const auto begin = type.parts.begin() + 1;
  const auto end = type.parts.end();
  const auto count = end - begin;
  if (is_among(arrays, name)) return {{"type", "array"}, {"items", type_schema(*begin, depth + 1)}};
  if (is_among(tuples, name)) return {{"type", "array"}};
  if (is_among(objects, name)) {
    json schema = {{"type", "object"}};
    if (count == 2) schema["additionalProperties"] = type_schema(begin[1], depth + 1);
    return schema;
  }
  if (name == "Optional") return {{"anyOf", {type_schema(*begin, depth + 1), {{"type", "null"}}}}};
  if (name == "Union") return any_of(begin, end, depth);
  if (name == "Annotated") return type_schema(*begin, depth + 1);
  if (name != "Literal") return json::object();
  auto values = choices(begin, end);
  return values ? json{{"enum", std::move(*values)}} : json::object();
}

json type_schema(const Expression& type, std::size_t depth) {
  if (depth > schema_nesting_max) return json::object();
  switch (type.kind) {
    case Form::alternative: return any_of(type.parts.begin(), type.parts.end(), depth);
    case Form::name: return named_schema(without_module(type.text));
    case Form::subscript: return generic_schema(type, depth);
    case Form::value:
      if (type.literal.is_null()) return {{"type", "null"}};
      if (!type.literal.is_string()) return json::object();
      // A forward reference.
      if (const auto meant = python::parse_expression(type.literal.get_ref<const std::string&>()))
        return type_schema(*meant, depth + 1);
      return json::object();
    default: return json::object();
  }
}

json annotation_schema(const std::string& annotation) {
  if (annotation.empty()) return json::object();
  const auto type = python::parse_expression(annotation);
  return type ? type_schema(*type, 0) : json::object();
}

}  // namespace

Result<Signature> parse_signature(std::string_view text) {
  if (text.size() > signature_bytes_max)
    return fail("a signature has at most " + std::to_string(signature_bytes_max) + " bytes");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; })) {
    return fail("a signature is one line without control characters");
  }
  const auto tokens = python::tokenize(text);
  if (!tokens) return tl::unexpected(tokens.error());
  python::Parser parser(*tokens);
  Signature signature;
  signature.function_name = parser.take_name();
  if (signature.function_name.empty()) return tl::unexpected(parser.failure("a function name"));
  if (!parser.take("(")) return tl::unexpected(parser.failure("'('"));
  auto parameters = parser.parameters(")", parameters_max);
  if (!parameters) return tl::unexpected(parser.failure("a parameter"));
  signature.parameters = std::move(*parameters);
  if (parser.take("->")) {
    const char* start = parser.next().source.data();
    if (!parser.expression()) return tl::unexpected(parser.failure("a type after '->'"));
    const char* end = parser.next().source.data();
    signature.return_annotation.assign(start, static_cast<std::size_t>(end - start));
    signature.return_annotation.erase(signature.return_annotation.find_last_not_of(" \t") + 1);
  }
  if (!parser.at_end()) return tl::unexpected(parser.failure("the end or '->'"));
  return signature;
}

json parameters_schema(const Signature& signature) {
  json schema = {
      {"type", "object"}, {"properties", json::object()}, {"required", json::array()}, {"additionalProperties", false}};
  for (const auto& parameter : signature.parameters) {
    if (parameter.kind == Parameter::Kind::var_keyword) {
      schema["additionalProperties"] = true;
      continue;
    }
    json type = annotation_schema(parameter.annotation);
    if (parameter.kind == Parameter::Kind::var_positional) type = {{"type", "array"}, {"items", std::move(type)}};
    if (parameter.default_value) {
      const auto given = python::parse_expression(*parameter.default_value);
      if (auto value = given ? literal(*given, 0) : std::nullopt) type["default"] = std::move(*value);
    }
    if (parameter.is_required()) schema["required"].push_back(parameter.name);
    schema["properties"][parameter.name] = std::move(type);
  }
  return schema;
}

}  // namespace strawberry
