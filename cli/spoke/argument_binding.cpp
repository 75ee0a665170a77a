#include "cli/spoke/argument_binding.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/text.h"
#include "common/contract/argument_check.h"
#include "common/text/json_text.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using Kind = Parameter::Kind;

class ArgumentBinding {
 public:
  ArgumentBinding(const Signature& signature, const json& schema, const std::string& path)
      : signature_(signature), schema_(schema), path_(path) {}

  Result<BoundArguments> bind(const json& args, const json& kwargs) {
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
    if (auto good = fill_up(); !good) return tl::unexpected(good.error());
    return std::move(values_);
  }

 private:
  Result<void> by_position(const json& args) {
    auto next = args.begin();
    for (const Parameter& parameter : signature_.parameters) {
      if (parameter.kind == Kind::var_positional) {
        values_[parameter.name] = json(std::vector<json>(next, args.end()));
        return {};
      }
      if (next == args.end() || parameter.kind == Kind::keyword_only) break;
      values_[parameter.name] = *next++;
    }
    if (next == args.end()) return {};
    return fail("there are " + std::to_string(args.size()) + " arguments without a name, and " + path_ + " takes " +
                std::to_string(next - args.begin()));
  }

  Result<void> by_name(const std::string& name, const json& value) {
    const auto& parameters = signature_.parameters;
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto& each) { return each.name == name; });
    if (found == parameters.end() || found->kind == Kind::positional_only || found->kind == Kind::var_positional) {
      return fail(path_ + " has no parameter " + in_quotes(name, 60) + " to be given by name");
    }
    if (!values_.emplace(name, value).second) return fail("the argument " + name + " is given twice");
    return {};
  }

  Result<void> fill_up() {
    for (const Parameter& parameter : signature_.parameters) {
      const json& schema = schema_.at("properties").at(parameter.name);
      const auto given = values_.find(parameter.name);
      if (given == values_.end()) {
        if (parameter.is_required()) return fail("the argument " + parameter.name + " is missing");
        values_[parameter.name] = parameter.default_value ? schema.at("default") : json::array();
        continue;
      }
      if (auto good = check(schema, given->second, parameter.name); !good) return good;
    }
    return {};
  }

  static Result<void> check(const json& schema, json& value, const std::string& name) {
    // `say 42` on a command line is a text, too.
    const bool wants_text = schema.contains("type") && schema.at("type") == "string";
    if (wants_text && (value.is_number() || value.is_boolean())) value = to_text(value);
    auto good = check_argument(schema, value, name);
    if (!good) return fail(good.error().message);
    return {};
  }

  const Signature& signature_;
  const json& schema_;
  const std::string& path_;
  BoundArguments values_;
};

}  // namespace

Result<BoundArguments> bind_arguments(const Signature& signature, const json& schema, const std::string& path,
                                      const json& args, const json& kwargs) {
  return ArgumentBinding(signature, schema, path).bind(args, kwargs);
}

}  // namespace strawberry::cli
