#include "bridge/skills/call_arguments.h"

#include <algorithm>
#include <utility>

#include "common/contract/argument_check.h"
#include "common/contract/schemas/complaint.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using Binds = Parameter::Kind;

constexpr std::size_t name_bytes_max = 64;

std::string in_args(std::size_t index) { return "/args/" + std::to_string(index); }
std::string in_kwargs(const std::string& name) { return json_pointer({"kwargs", name}); }

tl::unexpected<Error> refuse(std::string message, const std::string& path) {
  return error(ErrorCode::bad_request, std::move(message), {{"path", printable(path)}});
}

bool takes_position(const Parameter& parameter) {
  return parameter.kind == Binds::positional_only || parameter.kind == Binds::positional;
}

const Parameter* find_kind(const Signature& signature, Binds kind) {
  const auto& all = signature.parameters;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Parameter& each) { return each.kind == kind; });
  return found == all.end() ? nullptr : &*found;
}

Reply<void> fit_positions(const CallShape& shape, json& args) {
  std::size_t index = 0;
  for (const Parameter& parameter : shape.signature.parameters) {
    if (!takes_position(parameter) || index == args.size()) break;
    if (auto fits = check_value(shape.properties.at(parameter.name), args[index], in_args(index)); !fits) return fits;
    ++index;
  }
  if (index == args.size()) return {};
  const Parameter* rest = find_kind(shape.signature, Binds::var_positional);
  if (rest == nullptr) {
    return refuse(shape.signature.function_name + " takes at most " + std::to_string(index) +
                      " arguments by position, not " + std::to_string(args.size()),
                  in_args(index));
  }
  const json& item = shape.properties.at(rest->name).at("items");
  for (; index < args.size(); ++index) {
    if (auto fits = check_value(item, args[index], in_args(index)); !fits) return fits;
  }
  return {};
}

/// The parameter that takes `name` by name; null when none does.
const Parameter* find_named(const Signature& signature, const std::string& name) {
  const auto& all = signature.parameters;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Parameter& each) {
    return each.name == name && (each.kind == Binds::positional || each.kind == Binds::keyword_only);
  });
  return found == all.end() ? nullptr : &*found;
}

/// Whether one of the first `count` arguments by position went to it.
bool is_given_by_position(const Signature& signature, const Parameter& parameter, std::size_t count) {
  return takes_position(parameter) && static_cast<std::size_t>(&parameter - signature.parameters.data()) < count;
}

Reply<void> fit_names(const CallShape& shape, std::size_t positions, json& kwargs) {
  const bool takes_any = find_kind(shape.signature, Binds::var_keyword) != nullptr;
  for (auto given = kwargs.begin(); given != kwargs.end(); ++given) {
    const std::string& name = given.key();
    const Parameter* parameter = find_named(shape.signature, name);
    if (parameter == nullptr) {
      if (takes_any) continue;
      const auto shown = printable(name, name_bytes_max);
      const auto& all = shape.signature.parameters;
      const bool is_there = std::any_of(all.begin(), all.end(), [&](const Parameter& each) {
        return each.name == name && each.kind == Binds::positional_only;
      });
      return refuse(shape.signature.function_name +
                        (is_there ? " takes " + shown + " by position only" : " has no argument " + shown),
                    in_kwargs(name));
    }
    if (is_given_by_position(shape.signature, *parameter, positions))
      return refuse("the argument " + name + " is given twice, in args and in kwargs", in_kwargs(name));
    if (auto fits = check_value(shape.properties.at(name), given.value(), in_kwargs(name)); !fits) return fits;
  }
  return {};
}

Reply<void> find_missing(const Signature& signature, std::size_t positions, const json& kwargs) {
  for (std::size_t index = 0; index < signature.parameters.size(); ++index) {
    const Parameter& parameter = signature.parameters[index];
    if (!parameter.is_required() || is_given_by_position(signature, parameter, positions)) continue;
    const bool has_no_name = parameter.kind == Binds::positional_only;
    if (!has_no_name && kwargs.contains(parameter.name)) continue;
    return refuse("the argument " + parameter.name + " is missing",
                  has_no_name ? in_args(index) : in_kwargs(parameter.name));
  }
  return {};
}

/// The arguments bound to the signature, by name. A signature beside a schema has no `*args`.
Reply<void> fit_to_schema(const CallShape& shape, json& args, json& kwargs) {
  json by_name = kwargs;
  const auto& parameters = shape.signature.parameters;
  for (std::size_t i = 0; i < args.size(); ++i) by_name[parameters.at(i).name] = args[i];
  const auto misfit = shape.schema->check(by_name);
  if (misfit) {
    JsonPath path = misfit->path;
    const auto is_first = [&](const Parameter& each) { return !path.empty() && each.name == path.front(); };
    const auto index =
        static_cast<std::size_t>(std::find_if(parameters.begin(), parameters.end(), is_first) - parameters.begin());
    const bool is_positional = index < args.size();
    if (is_positional) path.front() = std::to_string(index);
    path.insert(path.begin(), is_positional ? "args" : "kwargs");
    return refuse(misfit->message, json_pointer(path));
  }
  for (std::size_t i = 0; i < args.size(); ++i) args[i] = std::move(by_name[parameters[i].name]);
  for (auto given = kwargs.begin(); given != kwargs.end(); ++given) given.value() = std::move(by_name[given.key()]);
  return {};
}

std::shared_ptr<const CallShape> make(const std::string& signature, const std::string& input_schema) {
  auto parsed = parse_signature(signature);
  if (!parsed) return nullptr;
  auto properties = parameters_schema(*parsed).at("properties");
  CallShape shape{std::move(*parsed), std::move(properties)};
  if (!input_schema.empty()) {
    auto schema = ArgumentSchema::read_text(input_schema);
    if (!schema) return nullptr;
    shape.schema = std::make_shared<const ArgumentSchema>(std::move(*schema));
  }
  return std::make_shared<const CallShape>(std::move(shape));
}

}  // namespace

Reply<void> fit_arguments(const CallShape& shape, json& args, json& kwargs) {
  if (auto fits = fit_positions(shape, args); !fits) return fits;
  if (auto fits = fit_names(shape, args.size(), kwargs); !fits) return fits;
  if (auto fits = find_missing(shape.signature, args.size(), kwargs); !fits) return fits;
  return shape.schema ? fit_to_schema(shape, args, kwargs) : Reply<void>();
}

std::shared_ptr<const CallShape> CallShapes::of(const std::string& signature, const std::string& input_schema) {
  const std::string key = input_schema.empty() ? signature : signature + "\n" + input_schema;
  if (const auto known = shapes_.find(key); known != shapes_.end()) return known->second;
  schema_bytes_ += input_schema.size();
  if (shapes_.size() >= shapes_max || schema_bytes_ > schema_bytes_max) {
    shapes_.clear();
    schema_bytes_ = input_schema.size();
  }
  auto shape = make(signature, input_schema);
  shapes_.emplace(key, shape);
  return shape;
}

}  // namespace strawberry::bridge
