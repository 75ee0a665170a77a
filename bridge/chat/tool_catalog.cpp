#include "bridge/chat/tool_catalog.h"

#include <algorithm>
#include <cstdint>

#include "bridge/llm/tool_result.h"

namespace strawberry {
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

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool offers(const OfferedSkill& skill, const std::string& device_id) {
  return std::any_of(skill.devices.begin(), skill.devices.end(),
                     [&](const OfferingDevice& device) { return device.device_id == device_id; });
}

std::string description_of(const OfferedSkill& skill, const ToolCatalog::Options& options) {
  std::string text = as_data(skill.skill.docstring, options.description_bytes_max);
  std::string where;
  for (std::size_t i = 0; i < skill.devices.size() && i < 8; ++i)
    where += (i == 0 ? "" : ", ") + skill.devices[i].name + (skill.devices[i].connected ? "" : " (offline)");
  if (skill.devices.size() > 8) where += " and " + std::to_string(skill.devices.size() - 8) + " more";
  if (!text.empty()) text += "\n";
  return text + "Runs on: " + as_data(where, options.description_bytes_max);
}

}  // namespace

std::string tool_name(const std::string& class_name, const std::string& function_name, const std::string& distinct,
                      bool must_differ) {
  const std::string wanted = class_name + "-" + function_name;
  std::string name = wanted;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_char(c); }, '_');
  if (name == wanted && name.size() <= tool_name_bytes_max && !must_differ) return name;
  const std::string suffix = "-" + hash_hex(distinct);
  name.resize(std::min(name.size(), tool_name_bytes_max - suffix.size()));
  return name + suffix;
}

ToolCatalog::ToolCatalog(std::vector<OfferedSkill> skills, std::vector<Tool> client_tools, const std::string& sender_id,
                         Options options)
    : tools_(std::move(client_tools)), client_tools_(tools_.size()) {
  std::stable_partition(skills.begin(), skills.end(),
                        [&](const OfferedSkill& skill) { return offers(skill, sender_id); });
  for (auto& skill : skills) {
    if (skill.skill.confirm || skill.devices.empty()) continue;
    if (tools_.size() >= options.tools_max) {
      ++left_out_;
      continue;
    }
    add(std::move(skill), sender_id, options);
  }
}

void ToolCatalog::add(OfferedSkill skill, const std::string& sender_id, const Options& options) {
  auto signature = parse_signature(skill.skill.signature);
  if (!signature) return;  // the registry does not take such a skill
  if (is_client_tool(tool_name(skill.skill.class_name, skill.skill.function_name, "", false))) return;
  Tool tool;
  tool.name = name_for(skill);
  if (tool.name.empty()) return;
  tool.description = description_of(skill, options);
  tool.parameters = parameters_schema(*signature);
  std::string default_device = skill.devices.size() == 1 ? skill.devices.front().device_id : std::string();
  if (offers(skill, sender_id)) default_device = sender_id;
  if (skill.devices.size() > 1) {
    const auto is_taken = [&](const char* name) { return tool.parameters["properties"].contains(name); };
    tool.device_parameter = !is_taken("device")          ? "device"
                            : !is_taken("target_device") ? "target_device"
                                                         : "hub_target_device";
    json names = json::array();
    for (const auto& device : skill.devices)
      if (names.size() < options.devices_listed_max) names.push_back(device.normalized_name);
    const bool is_required = default_device.empty() && !skill.skill.device_agnostic;
    tool.parameters["properties"][tool.device_parameter] = {
        {"type", "string"},
        {"enum", std::move(names)},
        {"description",
         default_device.empty() ? "The device to run on." : "The device to run on; the one asked from when absent."}};
    if (is_required) tool.parameters["required"].push_back(tool.device_parameter);
  }
  tool.skill = std::move(skill);
  skills_.emplace(tool.name, SkillTool{std::move(*signature), tools_.size(), std::move(default_device)});
  tools_.push_back(std::move(tool));
}

std::string ToolCatalog::name_for(const OfferedSkill& skill) const {
  const auto is_taken = [this](const std::string& name) { return skills_.contains(name) || is_client_tool(name); };
  std::string name = tool_name(skill.skill.class_name, skill.skill.function_name, skill.path(), false);
  // The same function with another signature, or two names cut alike.
  for (int attempt = 0; is_taken(name); ++attempt) {
    if (attempt == 16) return {};
    name = tool_name(skill.skill.class_name, skill.skill.function_name,
                     skill.path() + "\n" + skill.skill.signature + std::string(static_cast<std::size_t>(attempt), '\n'),
                     true);
  }
  return name;
}

const ToolCatalog::SkillTool* ToolCatalog::find_skill(const std::string& name) const {
  const auto found = skills_.find(name);
  return found == skills_.end() ? nullptr : &found->second;
}

bool ToolCatalog::is_client_tool(const std::string& name) const {
  return std::any_of(tools_.begin(), tools_.begin() + static_cast<std::ptrdiff_t>(client_tools_),
                     [&](const Tool& tool) { return tool.name == name; });
}

}  // namespace strawberry
