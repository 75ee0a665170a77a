#include "bridge/llm/rules_provider.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "bridge/llm/user_text.h"
#include "bridge/llm/wire_json.h"
#include "bridge/rules/understand.h"
#include "bridge/rules/wording.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

constexpr std::size_t outcomes_max = 16;

std::vector<rules::Ability> abilities_of(const std::vector<Tool>& tools) {
  std::vector<rules::Ability> abilities;
  for (const auto& tool : tools) {
    if (!tool.skill || tool.skill->devices.empty()) continue;
    const auto required =
        tool.parameters.is_object() ? tool.parameters.value("required", json::array()) : json::array();
    const bool needs_device =
        std::find(required.begin(), required.end(), json(tool.device_parameter)) != required.end();
    abilities.push_back({tool.name, &*tool.skill, tool.device_parameter, needs_device});
  }
  return abilities;
}

/// What another model looked for before it failed (chat/hub_tools.h) is nothing that was done.
bool is_search(const std::string& name) { return name.ends_with("search_skills") || name.ends_with("describe_skill"); }

const OfferingDevice* find_device(const OfferedSkill& skill, const std::string& name) {
  for (const auto& device : skill.devices)
    if (device.normalized_name == name || device.device_id == name) return &device;
  return nullptr;
}

rules::Made made_from(const json& call, const std::vector<Tool>& tools) {
  rules::Made made;
  const json* function = member(call, "function");
  if (function == nullptr) return made;
  const auto name = string_at(*function, "name");
  const auto dash = name.find('-');
  made.class_name = name.substr(0, dash);
  if (dash != std::string::npos) made.function_name = name.substr(dash + 1);
  if (auto arguments = parse_wire(string_at(*function, "arguments")); arguments && arguments->is_object())
    made.arguments = std::move(*arguments);
  const auto tool = std::find_if(tools.begin(), tools.end(), [&](const Tool& t) { return t.name == name; });
  if (tool == tools.end() || !tool->skill) return made;
  const OfferedSkill& skill = *tool->skill;
  made.class_name = skill.skill.class_name;
  made.function_name = skill.skill.function_name;
  made.only_tells = rules::only_tells({tool->name, &skill, tool->device_parameter, false});
  if (tool->device_parameter.empty()) {
    if (!skill.devices.empty()) made.device = skill.devices.front().name;
    return made;
  }
  const auto chosen = string_at(made.arguments, tool->device_parameter.c_str());
  made.arguments.erase(tool->device_parameter);
  const OfferingDevice* device = find_device(skill, chosen);
  made.device = device == nullptr ? chosen : device->name;
  return made;
}

/// The conversation as the rules see it: what the user said and what was answered in words.
rules::Talk talk_of(const json& messages) {
  rules::Talk talk;
  if (!messages.is_array()) return talk;
  for (const auto& message : messages) {
    const auto role = string_at(message, "role");
    if (role == "user") {
      talk.before.push_back({message_text(message), {}});
    } else if (role == "assistant" && !talk.before.empty()) {
      talk.before.back().answered = message_text(message);
    }
  }
  if (talk.before.empty()) return talk;
  talk.said = std::move(talk.before.back().said);
  talk.before.pop_back();
  return talk;
}

}  // namespace

std::optional<std::string> tell_outcomes(const json& messages, const std::vector<Tool>& tools) {
  if (!messages.is_array()) return std::nullopt;
  std::map<std::string, rules::Made> calls;
  std::set<std::string> searches;
  std::string text;
  std::size_t told = 0;
  const auto last_user = std::find_if(messages.rbegin(), messages.rend(),
                                      [](const json& message) { return string_at(message, "role") == "user"; });
  const auto language = rules::language_of(talk_of(messages));
  for (auto message = last_user.base(); message != messages.end(); ++message) {
    const auto role = string_at(*message, "role");
    const json* made = role == "assistant" ? member(*message, "tool_calls") : nullptr;
    if (made != nullptr && made->is_array()) {
      for (const auto& call : *made) {
        const json* function = member(call, "function");
        if (function != nullptr && is_search(string_at(*function, "name"))) searches.insert(string_at(call, "id"));
        calls[string_at(call, "id")] = made_from(call, tools);
      }
    } else if (role == "tool" && !searches.contains(string_at(*message, "tool_call_id")) && told++ < outcomes_max) {
      const auto content = parse_wire(string_at(*message, "content"));
      text += (text.empty() ? "" : "\n") +
              rules::tell(calls[string_at(*message, "tool_call_id")], content.value_or(json()), language);
    }
  }
  if (told == 0) return std::nullopt;
  return text;
}

Task<Result<ModelReply, ProviderError>> RulesProvider::complete(ModelRequest request) { co_return answer(request); }

ModelReply RulesProvider::answer(const ModelRequest& request) const {
  ModelReply reply;
  reply.provider = reply.model = name_;
  reply.finish_reason = "stop";
  if (auto told = tell_outcomes(request.messages, request.tools)) {
    reply.content = std::move(*told);
    return reply;
  }
  const auto abilities = abilities_of(request.tools);
  auto decision = rules::understand(talk_of(request.messages), abilities);
  using Kind = rules::Decision::Kind;
  // Small talk is no answer to somebody whose language model failed.
  reply.understood = decision.kind == Kind::act || decision.kind == Kind::ask;
  reply.content = std::move(decision.words);
  for (auto& call : decision.calls) {
    if (call.device != nullptr && !call.ability->device_parameter.empty())
      call.arguments[call.ability->device_parameter] = call.device->normalized_name;
    const std::string id =
        "rules_" + std::to_string(request.messages.size()) + "_" + std::to_string(reply.tool_calls.size());
    reply.tool_calls.push_back({id, call.ability->name, call.arguments.dump()});
  }
  if (!reply.tool_calls.empty()) reply.finish_reason = "tool_calls";
  return reply;
}

}  // namespace strawberry::bridge
