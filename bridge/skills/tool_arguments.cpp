#include "bridge/skills/tool_arguments.h"

#include <algorithm>

#include "bridge/skills/place_target.h"
#include "common/contract/argument_check.h"
#include "common/contract/device_name.h"
#include "common/contract/schemas/argument_schema.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

/// The devices to choose among, with their rooms.
json choices_of(const std::vector<const OfferingDevice*>& devices) {
  constexpr std::size_t names_max = 32;
  json names = json::array();
  json rooms = json::object();
  for (const auto* device : devices) {
    if (names.size() == names_max) break;
    names.push_back(device->normalized_name);
    if (!device->room.empty()) rooms[device->normalized_name] = device->room;
  }
  json choices{{"candidates", std::move(names)}};
  if (!rooms.empty()) choices["rooms"] = std::move(rooms);
  return choices;
}

std::vector<const OfferingDevice*> offering_of(const OfferedSkill& skill) {
  std::vector<const OfferingDevice*> devices;
  for (const auto& device : skill.devices) devices.push_back(&device);
  return devices;
}

struct Target {
  std::string device_id;  // or a name; empty: the hub chooses
  std::string name;
};

Reply<Target> choose_device(const ShownTool& tool, json& arguments) {
  const auto& devices = tool.skill.devices;
  const auto given = tool.device_parameter.empty() ? arguments.end() : arguments.find(tool.device_parameter);
  if (given == arguments.end()) {
    const auto found = std::find_if(devices.begin(), devices.end(),
                                    [&](const auto& device) { return device.device_id == tool.default_device; });
    return found == devices.end() ? Target{} : Target{found->device_id, found->normalized_name};
  }
  const auto refuse = [&](ErrorCode code, std::string message, const std::vector<const OfferingDevice*>& among) {
    json details = choices_of(among);
    details["path"] = "/" + tool.device_parameter;
    return error(code, std::move(message), std::move(details));
  };
  if (!given->is_string())
    return refuse(ErrorCode::bad_request, tool.device_parameter + " must be a device's name", offering_of(tool.skill));
  const auto written = given->get<std::string>();
  const auto name = normalize_device_name(written);
  arguments.erase(given);
  const auto meant = devices_in_place(written, tool.skill.skill.class_name, devices);
  if (meant.size() == 1) return Target{meant.front()->device_id, meant.front()->normalized_name};
  if (meant.size() > 1)
    return refuse(ErrorCode::ambiguous, "several devices there offer this skill: name one of them", meant);
  if (tool.skill.more_devices > 0 && !name.empty()) return Target{name, name};  // perhaps one of those not listed
  return refuse(ErrorCode::not_found, "no device of that name, and none in such a room, offers this skill",
                offering_of(tool.skill));
}

/// Gives arguments the names that the skill has for them.
void rename(const ShownTool& tool, json& arguments) {
  for (const auto& [offered, name] : tool.renamed) {
    const auto given = arguments.find(offered);
    if (given == arguments.end() || arguments.contains(name)) continue;
    json value = std::move(*given);
    arguments.erase(given);
    arguments[name] = std::move(value);
  }
}

/// Each of those given has the type its annotation names.
Reply<void> check_types(const Signature& signature, json& arguments) {
  const json schema = parameters_schema(signature);
  for (const auto& [name, type] : schema.at("properties").items()) {
    const auto value = arguments.find(name);
    if (value == arguments.end()) continue;
    if (auto fits = check_argument(type, *value, name); !fits) return fits;
  }
  return {};
}

/// All together fit the schema beside the signature, where there is one.
Reply<void> check_schema(const SkillRow& skill, json& arguments) {
  if (skill.input_schema.empty()) return {};
  const auto schema = ArgumentSchema::read_text(skill.input_schema);
  const auto misfit = schema ? schema->check(arguments) : std::nullopt;
  if (!misfit) return {};
  return error(ErrorCode::bad_request, misfit->message, {{"path", printable(json_pointer(misfit->path))}});
}

/// Fits the arguments to the signature: everything by name, except what Python takes only by position.
Reply<void> arrange(const Signature& signature, json arguments, ToolCallPlan& call) {
  call.args = json::array();
  call.kwargs = json::object();
  bool takes_any = false, gives_rest = false;
  for (const auto& parameter : signature.parameters) {
    takes_any = takes_any || parameter.kind == Parameter::Kind::var_keyword;
    const bool is_given = arguments.contains(parameter.name);
    if (parameter.is_required() && !is_given)
      return error(ErrorCode::bad_request, "the argument " + parameter.name + " is missing",
                   {{"path", "/" + parameter.name}});
    gives_rest = gives_rest || (parameter.kind == Parameter::Kind::var_positional && is_given);
  }
  bool in_a_row = true;  // no optional argument was left out before
  for (const auto& parameter : signature.parameters) {
    const auto value = arguments.find(parameter.name);
    if (parameter.kind == Parameter::Kind::var_keyword) continue;
    if (value == arguments.end()) {
      in_a_row = in_a_row && parameter.kind == Parameter::Kind::keyword_only;
      continue;
    }
    const bool only_by_position = parameter.kind == Parameter::Kind::positional_only;
    if (parameter.kind == Parameter::Kind::var_positional) {
      if (!in_a_row)
        return error(ErrorCode::bad_request, "with " + parameter.name + ", the arguments before it are needed too");
      for (const auto& item : *value) call.args.push_back(item);
    } else if (only_by_position || (gives_rest && parameter.kind == Parameter::Kind::positional)) {
      if (!in_a_row)
        return error(ErrorCode::bad_request, "with " + parameter.name + ", the arguments before it are needed too");
      call.args.push_back(*value);
    } else {
      call.kwargs[parameter.name] = *value;
    }
    arguments.erase(value);
  }
  if (arguments.empty()) return {};
  if (!takes_any)
    return error(ErrorCode::bad_request, "there is no argument " + printable(arguments.begin().key(), 64),
                 {{"path", "/" + printable(arguments.begin().key(), 64)}});
  call.kwargs.update(arguments);
  return {};
}

}  // namespace

Reply<ToolCallPlan> plan_tool_call(const ShownTool& tool, json arguments) {
  ToolCallPlan plan;
  plan.skill_path = tool.skill.path();
  plan.needs_confirm = tool.skill.skill.confirm;
  auto target = choose_device(tool, arguments);
  if (!target) return tl::unexpected<Error>(std::move(target.error()));
  plan.target = std::move(target->device_id);
  plan.device = std::move(target->name);
  rename(tool, arguments);
  if (auto fits = check_types(tool.signature, arguments); !fits) return tl::unexpected<Error>(std::move(fits.error()));
  if (auto fits = check_schema(tool.skill.skill, arguments); !fits)
    return tl::unexpected<Error>(std::move(fits.error()));
  plan.arguments = arguments;
  if (auto arranged = arrange(tool.signature, std::move(arguments), plan); !arranged)
    return tl::unexpected<Error>(std::move(arranged.error()));
  return plan;
}

}  // namespace strawberry::bridge
