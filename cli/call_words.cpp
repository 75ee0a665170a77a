#include "cli/call_words.h"

#include <algorithm>
#include <string_view>

#include "cli/text.h"
#include "common/contract/argument_check.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

/// Returns the parameter for the next positional word.
const Parameter* positional(const Signature& signature, std::size_t index) {
  for (const Parameter& parameter : signature.parameters) {
    if (parameter.kind == Parameter::Kind::var_positional) return &parameter;
    const bool by_place =
        parameter.kind == Parameter::Kind::positional_only || parameter.kind == Parameter::Kind::positional;
    if (!by_place) continue;
    if (index == 0) return &parameter;
    --index;
  }
  return nullptr;
}

const Parameter* named(const Signature& signature, const std::string& name) {
  const Parameter* any = nullptr;
  for (const Parameter& parameter : signature.parameters) {
    if (parameter.kind == Parameter::Kind::var_keyword) any = &parameter;
    if (parameter.name == name) return &parameter;
  }
  return any;
}

/// Returns the schema of one value of the parameter: of each value, if it takes any number.
json schema_of(const Parameter& parameter) {
  Signature one;
  one.parameters.push_back(parameter);
  one.parameters.back().kind = Parameter::Kind::positional;
  return parameters_schema(one).at("properties").at(parameter.name);
}

json value_of(const std::string& word, const Parameter* parameter) {
  auto parsed = parse_json(word);
  if (!parsed) return word;
  if (parameter == nullptr || parsed->is_string()) return std::move(*parsed);
  const json schema = schema_of(*parameter);
  json text = word;
  const bool fits = check_argument(schema, *parsed, parameter->name).has_value();
  if (!fits && check_argument(schema, text, parameter->name)) return text;
  return std::move(*parsed);
}

}  // namespace

Result<CallArguments> parse_call_arguments(const std::vector<std::string>& words, const Signature& signature) {
  CallArguments arguments;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || !is_identifier(std::string_view(word).substr(0, equals))) {
      arguments.args.push_back(value_of(word, positional(signature, arguments.args.size())));
      continue;
    }
    const std::string name = word.substr(0, equals);
    if (arguments.kwargs.contains(name)) return fail("the argument " + in_quotes(name) + " is given twice");
    arguments.kwargs[name] = value_of(word.substr(equals + 1), named(signature, name));
  }
  return arguments;
}

}  // namespace strawberry::cli
