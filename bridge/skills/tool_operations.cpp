#include "bridge/skills/tool_operations.h"

#include <algorithm>
#include <utility>

#include "bridge/skills/input_schema.h"
#include "bridge/skills/tool_arguments.h"
#include "bridge/skills/tool_view.h"
#include "common/text/base64url.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json entry_of(const OfferedSkill& skill, ToolView view) {
  json devices = json::array();
  for (const auto& device : skill.devices) devices.push_back(device.normalized_name);
  json entry = json::object();  // member by member: a list of pairs makes an array of each first
  entry["name"] = std::move(view.name);
  entry["path"] = skill.path();
  entry["description"] = std::move(view.description);
  entry["parameters"] = std::move(view.parameters);
  entry["devices"] = std::move(devices);
  entry["device_count"] = skill.devices.size() + skill.more_devices;
  entry["device_agnostic"] = skill.skill.device_agnostic;
  entry["confirm"] = skill.skill.confirm;
  if (!view.device_parameter.empty()) entry["device_parameter"] = std::move(view.device_parameter);
  return entry;
}

/// Where a page ends, as a text for whoever asks for the next.
std::string cursor_of(const OfferedSkill& last) {
  return base64url_encode(last.skill.class_name + "\n" + last.skill.function_name + "\n" +
                          digest_of_schema(last.skill.input_schema) + "\n" + last.skill.signature);
}

std::optional<SkillRegistry::Place> place_of(const std::string& cursor) {
  const auto text = base64url_decode(cursor);
  if (!text) return std::nullopt;
  const std::size_t first = text->find('\n');
  const std::size_t second = first == std::string::npos ? first : text->find('\n', first + 1);
  const std::size_t third = second == std::string::npos ? second : text->find('\n', second + 1);
  if (third == std::string::npos) return std::nullopt;
  return SkillRegistry::Place{text->substr(0, first), text->substr(first + 1, second - first - 1),
                              text->substr(third + 1), text->substr(second + 1, third - second - 1)};
}

bool has_path(const OfferedSkill& skill, const OfferedSkill& other) {
  return skill.skill.class_name == other.skill.class_name && skill.skill.function_name == other.skill.function_name;
}

tl::unexpected<Error> too_many() {
  return error(ErrorCode::too_large, "there are too many skills to list: search with a query",
               {{"skills_max", SkillRegistry::paged_skills_max}});
}

SkillQuery query_for(const Request& request, std::size_t skills_max) {
  SkillQuery query{request.acting_user, {}, request.sender.id, skills_max, tool_devices_max};
  query.rights = request.rights;
  return query;
}

struct NamedSkill {
  std::string name;
  OfferedSkill skill;
};

/// Of several signatures of one path, in their order: each with its name.
std::vector<NamedSkill> with_names(std::vector<OfferedSkill> skills) {
  std::vector<NamedSkill> named;
  for (auto& skill : skills) {
    std::string name = tool_name(skill, named.empty());
    named.push_back({std::move(name), std::move(skill)});
  }
  return named;
}

std::vector<NamedSkill> of_path(const SkillRegistry& skills, const SkillQuery& query, const std::string& class_name,
                                const std::string& function_name) {
  SkillQuery all = query;
  all.skills_max = SIZE_MAX;
  return with_names(skills.named(all, class_name, function_name).skills);
}

std::optional<OfferedSkill> take_named(std::vector<NamedSkill> named, const std::string& name) {
  const auto found = std::find_if(named.begin(), named.end(), [&](const NamedSkill& one) { return one.name == name; });
  if (found == named.end()) return std::nullopt;
  return std::move(found->skill);
}

/// The live skill whose tool has this name.
Reply<OfferedSkill> find_tool(const SkillRegistry& skills, const SkillQuery& query, const std::string& name) {
  const std::size_t first = name.find('-');
  if (first != std::string::npos) {
    const std::size_t second = std::min(name.find('-', first + 1), name.size());
    auto plain = of_path(skills, query, name.substr(0, first), name.substr(first + 1, second - first - 1));
    if (auto found = take_named(std::move(plain), name)) return std::move(*found);
    if (second < name.size()) {  // cut, or of other characters: the name does not tell the path
      SkillQuery all = query;
      all.skills_max = SkillRegistry::paged_skills_max;
      auto page = skills.page(all, std::nullopt);
      if (!page) return too_many();
      for (std::size_t i = 0; i < page->skills.size(); ++i) {
        const bool is_first = i == 0 || !has_path(page->skills[i], page->skills[i - 1]);
        if (tool_name(page->skills[i], is_first) == name) return std::move(page->skills[i]);
      }
    }
  }
  return error(ErrorCode::not_found, "there is no tool called " + printable(name, 64) + " (its device may have gone)",
               {{"path", "/tool"}});
}

/// About how many bytes of JSON a value is: to write it down only to count them would take as long as all the rest.
std::size_t bytes_about(const json& value) {
  constexpr std::size_t quotes_and_comma = 4;
  if (value.is_string()) return value.get_ref<const std::string&>().size() + quotes_and_comma;
  std::size_t bytes = 2 * quotes_and_comma;  // also of any number
  if (!value.is_structured()) return bytes;
  for (const auto& [name, member] : value.items()) bytes += name.size() + quotes_and_comma + bytes_about(member);
  return bytes;
}

/// Adds tools until they fill an answer. False when one did not fit.
bool add(json& tools, std::size_t& bytes, const OfferedSkill& skill, std::string name, const std::string& sender_id) {
  auto view = view_tool(skill, std::move(name), sender_id);
  if (!view) return true;  // of a release that took other signatures
  json entry = entry_of(skill, std::move(*view));
  bytes += bytes_about(entry);
  if (bytes > tools_page_bytes_max && !tools.empty()) return false;
  tools.push_back(std::move(entry));
  return true;
}

Reply<json> one_tool(const SkillRegistry& skills, const SkillQuery& query, const std::string& name) {
  auto found = find_tool(skills, query, name);
  if (!found) return tl::unexpected<Error>(std::move(found.error()));
  json tools = json::array();
  std::size_t bytes = 0;
  add(tools, bytes, *found, name, query.sender_id);
  return json{{"tools", std::move(tools)}, {"total", 1}};
}

Reply<json> found_tools(const SkillRegistry& skills, const SkillQuery& query) {
  auto found = skills.find(query);
  json tools = json::array();
  std::size_t bytes = 0;
  for (const auto& skill : found.skills) {
    const auto same = of_path(skills, query, skill.skill.class_name, skill.skill.function_name);
    const auto it = std::find_if(same.begin(), same.end(), [&](const NamedSkill& one) {
      return one.skill.skill.signature == skill.skill.signature &&
             one.skill.skill.input_schema == skill.skill.input_schema;
    });
    if (it == same.end()) continue;
    if (add(tools, bytes, skill, it->name, query.sender_id)) continue;
    found.has_more = true;
    break;
  }
  const std::size_t total = tools.size();
  return json{{"tools", std::move(tools)}, {"total", total}, {"has_more", found.has_more}};
}

Reply<json> page_of_tools(const SkillRegistry& skills, const SkillQuery& query,
                          const std::optional<SkillRegistry::Place>& after) {
  const auto page = skills.page(query, after);
  if (!page) return too_many();
  json tools = json::array();
  std::size_t bytes = 0;
  const OfferedSkill* before = nullptr;
  bool has_more = page->has_more;
  for (const auto& skill : page->skills) {
    const bool is_first = before == nullptr ? !page->continues : !has_path(skill, *before);
    if (!add(tools, bytes, skill, tool_name(skill, is_first), query.sender_id)) {
      has_more = true;
      break;
    }
    before = &skill;
  }
  json answer{{"tools", std::move(tools)}, {"total", page->total}};
  if (has_more && before != nullptr) answer["next_cursor"] = cursor_of(*before);
  return answer;
}

}  // namespace

Reply<json> list_tools(const SkillRegistry& skills, const Request& request) {
  const json& body = request.body;
  const auto given = [&](const char* name) { return body.value(name, std::string()); };
  const std::string words = given("query");
  const std::size_t limit = body.value("limit", words.empty() ? tools_page_max : tools_found_default);
  SkillQuery query = query_for(request, limit);
  if (const std::string name = given("tool"); !name.empty()) return one_tool(skills, query, name);
  if (!words.empty()) {
    query.words = words;
    return found_tools(skills, query);
  }
  std::optional<SkillRegistry::Place> after;
  if (const std::string cursor = given("cursor"); !cursor.empty()) {
    after = place_of(cursor);
    if (!after) return error(ErrorCode::bad_request, "cursor is not one of this hub's", {{"path", "/cursor"}});
  }
  return page_of_tools(skills, query, after);
}

Reply<PlannedToolCall> plan_tool_call(const SkillRegistry& skills, const Request& request) {
  const auto name = request.body.at("tool").get<std::string>();
  const auto skill = find_tool(skills, query_for(request, 1), name);
  if (!skill) return tl::unexpected<Error>(skill.error());
  const auto view = view_tool(*skill, name, request.sender.id);
  if (!view)
    return error(ErrorCode::bad_request, "the device must register this skill again: its signature is not valid");
  const auto given = request.body.find("arguments");
  json arguments = given != request.body.end() && given->is_object() ? *given : json::object();
  auto plan = plan_tool_call({*skill, view->signature, view->device_parameter, view->default_device, view->renamed},
                             std::move(arguments));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  PlannedToolCall planned;
  const bool is_allowed = request.body.value("allowed", false);
  if (plan->needs_confirm && !is_allowed) {
    planned.question = {{"skill_path", plan->skill_path}, {"device", plan->device}, {"arguments", plan->arguments}};
    return planned;
  }
  planned.call.caller = request.sender;
  planned.call.acting_user = request.acting_user;
  planned.call.rights = request.rights;
  planned.call.skill_path = std::move(plan->skill_path);
  planned.call.target = std::move(plan->target);
  planned.call.args = std::move(plan->args);
  planned.call.kwargs = std::move(plan->kwargs);
  planned.call.deadline = request.deadline;
  planned.call.log_id = request.log_id;
  planned.call.identity = request.identity;
  return planned;
}

}  // namespace strawberry::bridge
