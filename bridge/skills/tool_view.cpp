#include "bridge/skills/tool_view.h"

#include <algorithm>
#include <cstdint>

#include "bridge/skills/input_schema.h"
#include "common/contract/device_name.h"
#include "common/contract/python_name.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t tool_name_bytes_max = 64;

/// FNV-1a, 32 bits: stable from run to run, so that a name means the same in a conversation that goes on.
std::string hash_hex(const std::string& text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(hash >> shift) & 15];
  return hex;
}

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-'; }

bool is_property_name(const std::string& name) {
  return name.size() <= tool_name_bytes_max && std::all_of(name.begin(), name.end(), is_name_char);
}

/// A parameter's name as every provider takes it: itself, or one with a hash.
std::string property_name(const std::string& name) {
  if (is_property_name(name)) return name;
  const std::string suffix = "_" + hash_hex(name);
  std::string made = ascii_name(name);
  made.resize(std::min(made.size(), tool_name_bytes_max - suffix.size()));
  return made + suffix;
}

/// Gives the properties names that every provider takes; the pairs are new names and old ones.
std::vector<std::pair<std::string, std::string>> rename_properties(json& schema) {
  std::vector<std::pair<std::string, std::string>> renamed;
  json& given = schema["properties"];
  if (!given.is_object()) given = json::object();
  const auto& named = given.get_ref<const json::object_t&>();
  if (std::all_of(named.begin(), named.end(), [](const auto& each) { return is_property_name(each.first); })) return {};
  json properties = json::object();
  for (auto& [name, property] : schema["properties"].items()) {
    auto made = property_name(name);
    properties[made] = std::move(property);
    if (made != name) renamed.emplace_back(std::move(made), name);
  }
  schema["properties"] = std::move(properties);
  for (auto& required : schema["required"]) required = property_name(required.get_ref<const std::string&>());
  return renamed;
}

std::string description_of(const OfferedSkill& skill, std::size_t bytes_max) {
  std::string text = as_data(skill.skill.docstring, bytes_max);
  std::string where;
  for (std::size_t i = 0; i < skill.devices.size() && i < 8; ++i)
    where +=
        (i == 0 ? "" : ", ") + skill.devices[i].name_with_room() + (skill.devices[i].connected ? "" : " (offline)");
  const auto count = skill.devices.size() + skill.more_devices;
  if (count > 8) where += " and " + std::to_string(count - 8) + " more";
  if (!text.empty()) text += "\n";
  text += "Runs on: " + as_data(where, bytes_max);
  if (skill.skill.confirm) text += "\nThe user is asked before it runs.";
  return text;
}

std::string as_one_line(const std::string& text) {
  std::string line = as_data(text, device_name_bytes_max);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// ` In rooms: ceiling_lamp in Kitchen, …`; nothing when no device has one.
std::string rooms_of(const OfferedSkill& skill) {
  constexpr std::size_t rooms_named_max = 20;
  std::string text;
  std::size_t named = 0;
  for (const auto& device : skill.devices) {
    if (device.room.empty() || named == rooms_named_max) continue;
    text += (named++ == 0 ? " In rooms: " : ", ") + device.normalized_name + " in " + as_one_line(device.room);
  }
  return text.empty() ? text : text + ".";
}

/// The property that chooses among several devices: a choice, unless there are too many to list.
json device_property(const OfferedSkill& skill, const std::string& default_device) {
  json names = json::array();
  for (const auto& device : skill.devices) names.push_back(device.normalized_name);
  std::string description =
      default_device.empty() ? "The device to run on." : "The device to run on; the one asked from when absent.";
  description += rooms_of(skill);
  if (skill.more_devices == 0)
    return {{"type", "string"}, {"enum", std::move(names)}, {"description", std::move(description)}};
  description += " Among others:";
  for (const auto& name : names) description += " " + name.get<std::string>();
  return {{"type", "string"}, {"description", std::move(description)}};
}

/// The name of the property that chooses the device.
const char* device_parameter_name(const json& properties) {
  const auto is_taken = [&](const char* name) { return properties.contains(name); };
  if (!is_taken("device")) return "device";
  return is_taken("target_device") ? "hub_target_device" : "target_device";
}

}  // namespace

std::string tool_name(const std::string& class_name, const std::string& function_name, const std::string& distinct,
                      bool must_differ) {
  const std::string wanted = class_name + "-" + function_name;
  std::string name = ascii_name(wanted);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_char(c); }, '_');
  if (!is_name_start(name.front())) name.insert(0, "_");
  if (name == wanted && name.size() <= tool_name_bytes_max && !must_differ) return name;
  const std::string suffix = "-" + hash_hex(distinct);
  name.resize(std::min(name.size(), tool_name_bytes_max - suffix.size()));
  return name + suffix;
}

std::string tool_name(const OfferedSkill& skill, bool is_first_of_path) {
  const std::string distinct =
      is_first_of_path ? skill.path() : skill.path() + "\n" + skill.skill.signature + skill.skill.input_schema;
  return tool_name(skill.skill.class_name, skill.skill.function_name, distinct, !is_first_of_path);
}

std::optional<ToolView> view_tool(const OfferedSkill& skill, std::string name, const std::string& sender_id,
                                  ToolViewOptions options) {
  if (skill.devices.empty()) return std::nullopt;
  auto signature = parse_signature(skill.skill.signature);
  if (!signature) return std::nullopt;
  ToolView view;
  view.name = std::move(name);
  view.description = description_of(skill, options.description_bytes_max);
  view.parameters =
      options.has_own_schema ? parameters_for_models(skill.skill, *signature) : parameters_schema(*signature);
  view.renamed = rename_properties(view.parameters);
  view.signature = std::move(*signature);
  const auto device_count = skill.devices.size() + skill.more_devices;
  if (device_count == 1) view.default_device = skill.devices.front().device_id;
  if (skill.is_on(sender_id)) view.default_device = sender_id;
  if (device_count == 1) return view;
  json& properties = view.parameters["properties"];
  view.device_parameter = device_parameter_name(properties);
  properties[view.device_parameter] = device_property(skill, view.default_device);
  if (view.default_device.empty() && !skill.skill.device_agnostic)
    view.parameters["required"].push_back(view.device_parameter);
  return view;
}

}  // namespace strawberry::bridge
