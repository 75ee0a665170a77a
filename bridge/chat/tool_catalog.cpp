#include "bridge/chat/tool_catalog.h"

#include <algorithm>
#include <cstdint>

#include "bridge/chat/hub_tools.h"
#include "bridge/llm/tool_result.h"
#include "bridge/skills/call_target.h"
#include "bridge/skills/input_schema.h"
#include "common/contract/python_name.h"
#include "common/text/printable.h"

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

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '-'; }

/// A parameter's name as every provider takes it: itself, or one with a hash.
std::string property_name(const std::string& name) {
  if (name.size() <= tool_name_bytes_max && std::all_of(name.begin(), name.end(), is_name_char)) return name;
  const std::string suffix = "_" + hash_hex(name);
  std::string made = ascii_name(name);
  made.resize(std::min(made.size(), tool_name_bytes_max - suffix.size()));
  return made + suffix;
}

/// Gives the properties names that every provider takes; the pairs are new names and old ones.
std::vector<std::pair<std::string, std::string>> rename_properties(json& schema) {
  std::vector<std::pair<std::string, std::string>> renamed;
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

std::string description_of(const OfferedSkill& skill, const ToolCatalog::Options& options) {
  std::string text = as_data(skill.skill.docstring, options.description_bytes_max);
  std::string where;
  for (std::size_t i = 0; i < skill.devices.size() && i < 8; ++i)
    where += (i == 0 ? "" : ", ") + skill.devices[i].name + (skill.devices[i].connected ? "" : " (offline)");
  const auto count = skill.devices.size() + skill.more_devices;
  if (count > 8) where += " and " + std::to_string(count - 8) + " more";
  if (!text.empty()) text += "\n";
  text += "Runs on: " + as_data(where, options.description_bytes_max);
  if (skill.skill.confirm) text += "\nThe user is asked before it runs.";
  return text;
}

/// The property that chooses among several devices: a choice, unless there are too many to list.
json device_property(const OfferedSkill& skill, const std::string& default_device) {
  json names = json::array();
  for (const auto& device : skill.devices) names.push_back(device.normalized_name);
  std::string description =
      default_device.empty() ? "The device to run on." : "The device to run on; the one asked from when absent.";
  if (skill.more_devices == 0)
    return {{"type", "string"}, {"enum", std::move(names)}, {"description", std::move(description)}};
  description += " Among others:";
  for (const auto& name : names) description += " " + name.get<std::string>();
  return {{"type", "string"}, {"description", std::move(description)}};
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

ToolCatalog::ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
                         const std::string& about, Options options)
    : source_(source),
      user_id_(asker.user_id),
      sender_id_(asker.id),
      options_(options),
      tools_(std::move(client_tools)),
      client_tools_(tools_.size()) {
  if (source_ == nullptr) return;
  const auto room = options_.tools_max - std::min(options_.tools_max, tools_.size());
  auto everything = query({}, std::min(options_.direct_skills_max, room));
  everything.all_or_none = true;
  auto all = source_->find(everything);
  if (all.has_more) {
    offer_search(about);
  } else {
    for (auto& skill : all.skills) offer(std::move(skill));
  }
}

SkillQuery ToolCatalog::query(std::string words, std::size_t skills_max) const {
  return {user_id_, std::move(words), sender_id_, skills_max, options_.devices_max};
}

void ToolCatalog::offer_search(const std::string& about) {
  constexpr std::size_t own_tools = 2;
  if (tools_.size() + own_tools >= options_.tools_max) {
    has_no_room_ = true;
    return;
  }
  search_name_ = free_name("search_skills");
  describe_name_ = free_name("describe_skill");
  tools_.push_back(hub_tools::search(search_name_));
  tools_.push_back(hub_tools::describe(describe_name_));
  hub_tools_ = own_tools;
  const auto words = hub_tools::words_about(about);
  if (words.empty()) return;
  for (auto& skill : source_->find(query(words, options_.suggested_skills_max)).skills) offer(std::move(skill));
}

/// Skills' names have a `-`; only the client may have taken it.
std::string ToolCatalog::free_name(std::string name) const {
  while (is_client_tool(name)) name = "hub_" + name;
  return name;
}

Reply<json> ToolCatalog::answer(const ToolCall& call) {
  return call.name == search_name_ ? answer_search(call) : answer_describe(call);
}

Reply<json> ToolCatalog::answer_search(const ToolCall& call) {
  auto words = hub_tools::read_argument(call.arguments, "query");
  if (!words) return tl::unexpected<Error>(std::move(words.error()));
  auto found = source_->find(query(std::move(*words), options_.search_results_max));
  std::vector<hub_tools::Named> named;
  for (auto& skill : found.skills)
    if (auto name = offer(skill); !name.empty()) named.emplace_back(std::move(name), std::move(skill));
  return hub_tools::search_answer(named, found.has_more);
}

Reply<json> ToolCatalog::answer_describe(const ToolCall& call) {
  constexpr std::size_t signatures_max = 4;
  const auto text = hub_tools::read_argument(call.arguments, "path");
  if (!text) return tl::unexpected<Error>(text.error());
  const auto path = parse_skill_path(*text);
  if (!path) return error(ErrorCode::bad_request, "path is Class.function", {{"path", "/path"}});
  auto found = source_->named(query({}, signatures_max), path->class_name, path->function_name);
  std::vector<hub_tools::Named> named;
  for (auto& skill : found.skills)
    if (auto name = offer(skill); !name.empty()) named.emplace_back(std::move(name), std::move(skill));
  if (named.empty()) return error(ErrorCode::not_found, "no device offers " + printable(*text, 128));
  return hub_tools::describe_answer(named);
}

std::string ToolCatalog::offer(OfferedSkill skill) {
  if (skill.devices.empty()) return {};
  for (const auto& [name, known] : skills_) {
    const auto& offered = tools_[known.tool].skill->skill;
    if (offered.class_name == skill.skill.class_name && offered.function_name == skill.skill.function_name &&
        offered.signature == skill.skill.signature && offered.input_schema == skill.skill.input_schema)
      return name;
  }
  auto signature = parse_signature(skill.skill.signature);
  if (!signature) return {};  // the registry does not take such a skill
  if (is_client_tool(tool_name(skill.skill.class_name, skill.skill.function_name, "", false))) return {};
  if (hub_tools_ > 0 && (skills_.size() >= options_.found_skills_max || tools_.size() >= options_.tools_max))
    drop_oldest_found();
  Tool tool;
  tool.name = name_for(skill);
  if (tool.name.empty()) return {};
  tool.description = description_of(skill, options_);
  const std::size_t schema_bytes = skill.skill.input_schema.size();
  const bool has_room = schema_bytes_ + schema_bytes <= options_.schema_bytes_max;
  tool.parameters = has_room ? parameters_for_models(skill.skill, *signature) : parameters_schema(*signature);
  auto renamed = rename_properties(tool.parameters);
  const auto device_count = skill.devices.size() + skill.more_devices;
  std::string default_device = device_count == 1 ? skill.devices.front().device_id : std::string();
  if (skill.is_on(sender_id_)) default_device = sender_id_;
  if (device_count > 1) {
    const auto is_taken = [&](const char* name) { return tool.parameters["properties"].contains(name); };
    tool.device_parameter = !is_taken("device")          ? "device"
                            : !is_taken("target_device") ? "target_device"
                                                         : "hub_target_device";
    tool.parameters["properties"][tool.device_parameter] = device_property(skill, default_device);
    if (default_device.empty() && !skill.skill.device_agnostic)
      tool.parameters["required"].push_back(tool.device_parameter);
  }
  tool.skill = std::move(skill);
  auto name = tool.name;
  SkillTool entry{std::move(*signature), tools_.size(), std::move(default_device), std::move(renamed)};
  if (has_room) entry.schema_bytes = schema_bytes;
  schema_bytes_ += entry.schema_bytes;
  skills_.emplace(name, std::move(entry));
  tools_.push_back(std::move(tool));
  return name;
}

void ToolCatalog::drop_oldest_found() {
  const auto oldest = client_tools_ + hub_tools_;
  if (oldest >= tools_.size()) return;
  if (const auto entry = skills_.find(tools_[oldest].name); entry != skills_.end()) {
    schema_bytes_ -= entry->second.schema_bytes;
    skills_.erase(entry);
  }
  tools_.erase(tools_.begin() + static_cast<std::ptrdiff_t>(oldest));
  for (auto& [name, skill] : skills_) --skill.tool;
}

std::string ToolCatalog::name_for(const OfferedSkill& skill) const {
  const auto is_taken = [this](const std::string& name) { return skills_.contains(name) || is_client_tool(name); };
  std::string name = tool_name(skill.skill.class_name, skill.skill.function_name, skill.path(), false);
  // The same function with another signature, or two names cut alike.
  for (int attempt = 0; is_taken(name); ++attempt) {
    if (attempt == 16) return {};
    name = tool_name(skill.skill.class_name, skill.skill.function_name,
                     skill.path() + "\n" + skill.skill.signature + skill.skill.input_schema +
                         std::string(static_cast<std::size_t>(attempt), '\n'),
                     true);
  }
  return name;
}

const ToolCatalog::SkillTool* ToolCatalog::find_skill(const std::string& name) const {
  const auto found = skills_.find(name);
  return found == skills_.end() ? nullptr : &found->second;
}

bool ToolCatalog::is_hub_tool(const std::string& name) const {
  return !name.empty() && (name == search_name_ || name == describe_name_);
}

bool ToolCatalog::is_client_tool(const std::string& name) const {
  return std::any_of(tools_.begin(), tools_.begin() + static_cast<std::ptrdiff_t>(client_tools_),
                     [&](const Tool& tool) { return tool.name == name; });
}

}  // namespace strawberry
