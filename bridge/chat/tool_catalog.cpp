#include "bridge/chat/tool_catalog.h"

#include <algorithm>

#include "bridge/chat/hub_tools.h"
#include "bridge/skills/call_target.h"
#include "common/text/printable.h"

namespace strawberry::bridge {

using nlohmann::json;

ToolCatalog::ToolCatalog(const ToolSource* source, const Principal& asker, std::vector<Tool> client_tools,
                         const std::string& about, Options options, Reach reach)
    : source_(source),
      user_id_(reach.house.empty() ? asker.user_id : std::move(reach.house)),
      rights_(std::move(reach.rights)),
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
  SkillQuery query{user_id_, std::move(words), sender_id_, skills_max, options_.devices_max};
  query.rights = rights_;
  return query;
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
  if (is_client_tool(tool_name(skill.skill.class_name, skill.skill.function_name, "", false))) return {};
  if (hub_tools_ > 0 && (skills_.size() >= options_.found_skills_max || tools_.size() >= options_.tools_max))
    drop_oldest_found();
  std::string name = name_for(skill);
  if (name.empty()) return {};
  const std::size_t schema_bytes = skill.skill.input_schema.size();
  const bool has_room = schema_bytes_ + schema_bytes <= options_.schema_bytes_max;
  auto view = view_tool(skill, name, sender_id_, {options_.description_bytes_max, has_room});
  if (!view) return {};
  Tool tool;
  tool.name = name;
  tool.description = std::move(view->description);
  tool.parameters = std::move(view->parameters);
  tool.device_parameter = std::move(view->device_parameter);
  tool.skill = std::move(skill);
  SkillTool entry{std::move(view->signature), tools_.size(), std::move(view->default_device), std::move(view->renamed)};
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

}  // namespace strawberry::bridge
