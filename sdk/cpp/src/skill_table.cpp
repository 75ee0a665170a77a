#include "sdk/cpp/src/skill_table.h"

#include <algorithm>
#include <stdexcept>

#include "common/contract/argument_check.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"

namespace strawberry::sdk {
namespace {

using nlohmann::json;
using Kind = Parameter::Kind;

constexpr std::size_t docstring_bytes_max = 16'384;
constexpr std::size_t shown_bytes_max = 120;

[[noreturn]] void refuse(const std::string& signature, const std::string& why) {
  throw std::invalid_argument("no skill: " + printable(signature, shown_bytes_max) + " (" + why + ")");
}

/// For `class_name`: letters, digits and `_` in any script; the hub checks the rest.
bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t.()[]{}:,") == std::string_view::npos &&
         std::isdigit(static_cast<unsigned char>(text.front())) == 0;
}

bool admits(const json& schema, const json& value) {
  json tried = value;
  return check_argument(schema, tried, "x").has_value();
}

bool takes(SkillFunction::Check check, const json& value) {
  try {
    check(value);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// One value of each JSON kind: those that the annotation allows, the C++ type must accept.
const std::vector<std::pair<const char*, json>>& kinds() {
  static const std::vector<std::pair<const char*, json>> all = {{"None", nullptr},
                                                                {"a bool", true},
                                                                {"an int", 1},
                                                                {"a float", 0.5},
                                                                {"a str", "text"},
                                                                {"an empty list", json::array()},
                                                                {"an empty dict", json::object()}};
  return all;
}

void check_parameter(const std::string& signature, const Parameter& parameter, const json& schema,
                     SkillFunction::Check check) {
  const bool is_any = !schema.contains("type") && !schema.contains("anyOf") && !schema.contains("enum");
  if (const auto value = schema.find("default"); value != schema.end() && !takes(check, *value))
    refuse(signature,
           "the function's " + parameter.name + " does not take its default " + printable(to_text(*value), 40));
  if (parameter.default_value && !schema.contains("default") && parameter.kind != Kind::var_positional)
    refuse(signature,
           "the default of " + parameter.name + " is no literal: write a number, a text, True, False or None");
  if (parameter.kind == Kind::var_keyword) {
    if (!takes(check, json::object())) refuse(signature, "**" + parameter.name + " needs a std::map or nlohmann::json");
    return;
  }
  if (is_any) return;  // the C++ type is checked at each call
  if (const auto values = schema.find("enum"); values != schema.end()) {
    for (const json& value : *values) {
      if (!takes(check, value))
        refuse(signature, "the function's " + parameter.name + " does not take " + printable(to_text(value), 40));
    }
    return;
  }
  for (const auto& [name, value] : kinds()) {
    if (admits(schema, value) && !takes(check, value))
      refuse(signature, "the signature's " + parameter.name + " may be " + name + ", and the function's may not");
  }
}

/// Returns the value of a parameter that the call does not give.
json left_out(const Parameter& parameter, const json& schema) {
  if (parameter.kind == Kind::var_positional) return json::array();
  if (parameter.kind == Kind::var_keyword) return json::object();
  return schema.at("default");
}

class Binding {
 public:
  explicit Binding(const Skill& skill)
      : skill_(skill), parameters_(skill.signature.parameters), values_(parameters_.size(), discarded()) {}

  Result<std::vector<json>> bind(const json& args, const json& kwargs) {
    if (!args.is_null() && !args.is_array()) return fail("args must be an array");
    if (!kwargs.is_null() && !kwargs.is_object()) return fail("kwargs must be an object");
    if (args.is_array()) {
      if (auto good = by_position(args); !good) return tl::unexpected(good.error());
    }
    if (kwargs.is_object()) {
      for (const auto& [name, value] : kwargs.items()) {
        if (auto good = by_name(name, value); !good) return tl::unexpected(good.error());
      }
    }
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const json& schema = skill_.properties.at(parameters_[i].name);
      if (!values_[i].is_discarded()) {
        auto good = check_argument(schema, values_[i], parameters_[i].name);
        if (!good) return fail(good.error().message);
      } else if (parameters_[i].is_required()) {
        return fail("the argument " + parameters_[i].name + " is missing");
      } else {
        values_[i] = left_out(parameters_[i], schema);
      }
    }
    return std::move(values_);
  }

 private:
  static json discarded() { return json(json::value_t::discarded); }

  Result<void> by_position(const json& args) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].kind == Kind::var_positional) {
        values_[i] = json::array();
        while (next < args.size()) values_[i].push_back(args[next++]);
        return {};
      }
      if (next == args.size() || parameters_[i].kind == Kind::keyword_only || parameters_[i].kind == Kind::var_keyword)
        break;
      values_[i] = args[next++];
    }
    if (next == args.size()) return {};
    return fail("there are " + std::to_string(args.size()) + " arguments without a name, and " + skill_.path() +
                " takes " + std::to_string(next));
  }

  Result<void> by_name(const std::string& name, const json& value) {
    std::size_t rest = parameters_.size();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const Kind kind = parameters_[i].kind;
      if (kind == Kind::var_keyword) rest = i;
      if (parameters_[i].name != name || kind == Kind::positional_only || kind == Kind::var_positional ||
          kind == Kind::var_keyword)
        continue;
      if (!values_[i].is_discarded()) return fail("the argument " + name + " is given twice");
      values_[i] = value;
      return {};
    }
    if (rest == parameters_.size())
      return fail(skill_.path() + " has no parameter to be given by name: " + printable(name, 60));
    if (values_[rest].is_discarded()) values_[rest] = json::object();
    values_[rest][name] = value;
    return {};
  }

  const Skill& skill_;
  const std::vector<Parameter>& parameters_;
  std::vector<json> values_;
};

}  // namespace

Skill make_skill(const std::string& text, const std::string& docstring, const std::string& class_name,
                 SkillFunction function, const SkillOptions& options) {
  Skill skill;
  skill.class_name = class_name;
  std::string signature = text;
  const std::size_t dot = text.find('.');
  if (dot != std::string::npos && dot < text.find('(')) {
    skill.class_name = text.substr(0, dot);
    signature = text.substr(dot + 1);
  }
  if (!is_name(skill.class_name)) refuse(text, "no class name: " + printable(skill.class_name, 60));
  auto parsed = parse_signature(signature);
  if (!parsed) refuse(text, parsed.error().message);
  if (docstring.size() > docstring_bytes_max)
    refuse(text, "its docstring has more than " + std::to_string(docstring_bytes_max) + " bytes");
  skill.signature = std::move(*parsed);
  const auto& parameters = skill.signature.parameters;
  if (parameters.size() != function.checks.size()) {
    refuse(text, "it has " + std::to_string(parameters.size()) + " parameters, and the function takes " +
                     std::to_string(function.checks.size()));
  }
  skill.properties = parameters_schema(skill.signature).at("properties");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    json& schema = skill.properties[parameters[i].name];  // **kwargs have no entry there
    if (schema.is_null()) schema = json::object();
    check_parameter(text, parameters[i], schema, function.checks[i]);
  }
  skill.registration = {{"class_name", skill.class_name},
                        {"function_name", skill.signature.function_name},
                        {"signature", signature},
                        {"docstring", docstring}};
  if (options.device_agnostic) skill.registration["device_agnostic"] = true;
  if (options.confirm) skill.registration["confirm"] = true;
  skill.function = std::move(function);
  return skill;
}

Result<std::vector<json>> bind_arguments(const Skill& skill, const json& args, const json& kwargs) {
  return Binding(skill).bind(args, kwargs);
}

void SkillTable::add(Skill skill) {
  const std::string path = skill.path();
  if (!skills_.contains(path)) {
    if (order_.size() >= skills_max)
      throw std::invalid_argument("too many skills: " + std::to_string(order_.size() + 1) + " (at most " +
                                  std::to_string(skills_max) + " of a device)");
    order_.push_back(path);
  }
  skills_[path] = std::make_shared<const Skill>(std::move(skill));
}

std::shared_ptr<const Skill> SkillTable::find(const std::string& path) const {
  const auto found = skills_.find(path);
  return found == skills_.end() ? nullptr : found->second;
}

json SkillTable::registration() const {
  json skills = json::array();
  for (const std::string& path : order_) skills.push_back(skills_.at(path)->registration);
  return skills;
}

}  // namespace strawberry::sdk
