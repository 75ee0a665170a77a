#include "bridge/skills/skill_service.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bridge/skills/input_schema.h"
#include "bridge/skills/tool_operations.h"
#include "common/contract/python_name.h"
#include "common/contract/signature.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

std::string_view first_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_first_of("\r\n", start) - start);
}

json names_of(const std::vector<OfferingDevice>& devices, std::size_t limit) {
  json names = json::array();
  for (const auto& device : devices) {
    if (names.size() == limit) break;
    names.push_back(device.normalized_name);
  }
  return names;
}

/// A name as Python keeps it, or why it is none.
Reply<std::string> read_name(const json& skill, const char* member, const std::string& place) {
  const auto& written = skill.at(member).get_ref<const std::string&>();
  auto name = python_identifier(written);
  if (!name.empty() && !is_python_keyword(name)) return name;
  return error(ErrorCode::bad_request, printable(written, 64) + " is no name that Python has",
               {{"path", place + "/" + member}});
}

/// The skills of a registration, or which one cannot be taken and why.
Reply<std::vector<SkillRow>> read_skills(const json& skills) {
  std::vector<SkillRow> rows;
  std::set<std::pair<std::string, std::string>> seen;
  std::size_t schema_bytes = 0;
  for (const auto& skill : skills) {
    const auto place = "/skills/" + std::to_string(rows.size());
    SkillRow row;
    auto class_name = read_name(skill, "class_name", place);
    auto function_name = read_name(skill, "function_name", place);
    if (!class_name || !function_name) return tl::unexpected((class_name ? function_name : class_name).error());
    row.class_name = std::move(*class_name);
    row.function_name = std::move(*function_name);
    row.signature = skill.at("signature").get<std::string>();
    if (const auto docstring = skill.find("docstring"); docstring != skill.end() && docstring->is_string()) {
      row.docstring = docstring->get<std::string>();
    }
    row.device_agnostic = skill.value("device_agnostic", false);
    row.confirm = skill.value("confirm", false);
    const auto name = printable(row.class_name + "." + row.function_name);
    const auto signature = parse_signature(row.signature);
    if (!signature) {
      return error(ErrorCode::bad_request, name + ": the signature does not parse: " + signature.error().message,
                   {{"path", place + "/signature"}, {"skill", name}});
    }
    if (signature->function_name != row.function_name) {
      return error(ErrorCode::bad_request, name + ": the signature is that of " + printable(signature->function_name),
                   {{"path", place + "/signature"}, {"skill", name}});
    }
    if (!seen.emplace(row.class_name, row.function_name).second) {
      return error(ErrorCode::bad_request, name + " is there twice", {{"path", place}, {"skill", name}});
    }
    auto schema = read_input_schema(skill, *signature, place);
    if (!schema) return tl::unexpected(schema.error());
    row.input_schema = std::move(*schema);
    schema_bytes += row.input_schema.size();
    if (schema_bytes > input_schemas_bytes_max) {
      const auto max = std::to_string(input_schemas_bytes_max);
      return error(ErrorCode::bad_request, "the schemas of all skills have more than " + max + " bytes together",
                   {{"path", place + "/input_schema"}, {"skill", name}});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string_view refusal(PrincipalType type) {
  const bool is_person = type == PrincipalType::user || type == PrincipalType::admin;
  return is_person ? "only a device has skills" : "this token is not for skills";
}

}  // namespace

SkillService::SkillService(const Clock& clock, DeviceRegistry& devices, SkillRegistry& skills, SkillCalls& calls,
                           SkillStore& store, const UserLimitTable& limits, Events& events, Options options)
    : clock_(clock),
      devices_(devices),
      skills_(skills),
      calls_(calls),
      store_(store),
      limits_(limits),
      events_(events),
      options_(options) {}

const OperationTable& SkillService::operations() {
  using enum PrincipalType;
  static constexpr WhoMay devices{device};
  static constexpr WhoMay everybody{device, user, admin};
  static constexpr Operation rows[] = {
      {"register", devices, ActsFor::own_user, handled_by<&SkillService::register_all>, Scope::skills_register},
      {"heartbeat", devices, ActsFor::own_user, handled_by<&SkillService::heartbeat>, Scope::skills_register},
      {"list", everybody, ActsFor::user, handled_by<&SkillService::list>, Scope::skills_read},
      {"search", everybody, ActsFor::user, handled_by<&SkillService::search>, Scope::skills_read},
      {"describe", everybody, ActsFor::user, handled_by<&SkillService::describe>, Scope::skills_read},
      {"call", everybody, ActsFor::user, handled_by<&SkillService::call_for>, Scope::skills_call},
      {"tools", everybody, ActsFor::user, handled_by<&SkillService::tools>, Scope::skills_read},
      {"call_tool", everybody, ActsFor::user, handled_by<&SkillService::call_tool>, Scope::skills_call},
  };
  static constexpr OperationTable table{Service::skills, rows, refusal};
  return table;
}

Task<Reply<json>> SkillService::register_all(Request request) {
  const auto id = request.sender.id;
  if (devices_.find(id) == nullptr) co_return error(ErrorCode::not_found, "no such device");
  const auto& listed = request.body.at("skills");
  if (listed.size() > options_.skills_per_device_max) {
    const auto max = std::to_string(options_.skills_per_device_max);
    co_return error(ErrorCode::bad_request, "a device has at most " + max + " skills", {{"path", "/skills"}});
  }
  auto rows = read_skills(listed);
  if (!rows) co_return tl::unexpected(rows.error());
  if (auto refused = too_many_skills(request.acting_user, id, rows->size()))
    co_return tl::unexpected<Error>(std::move(*refused));
  const auto now_ms = to_unix_ms(clock_.wall_now());
  auto stored = co_await store_.put_skills(request.acting_user, id, *rows, now_ms);
  if (!stored) co_return tl::unexpected(stored.error());
  if (devices_.find(id) == nullptr) co_return error(ErrorCode::not_found, "the device was deleted meanwhile");
  const auto count = rows->size();
  const bool was_live = skills_.is_live(*devices_.find(id));
  const bool is_change = skills_.put(id, request.acting_user, *rows);
  devices_.set_skills_heartbeat(id, now_ms);
  events_.publish(SkillsRegistered{id});
  if (is_change || !was_live) events_.publish(SkillsChanged{id});
  co_return json{{"registered", count}};
}

/// A device that registers no more than it had may always.
std::optional<Error> SkillService::too_many_skills(const std::string& user_id, const std::string& device_id,
                                                   std::size_t count) const {
  const auto max = limits_.of(user_id, LimitKind::skills);
  const auto had = skills_.count(device_id);
  if (max == 0 || count <= had) return std::nullopt;
  const auto used = static_cast<std::int64_t>(skills_.count_of_user(user_id));
  if (used + static_cast<std::int64_t>(count - had) <= max) return std::nullopt;
  return Error{ErrorCode::quota_exceeded,
               "the user would have more skills than allowed: " + std::to_string(max) +
                   " (delete what is not needed, or have the limit raised)",
               {{"limit", name_of(LimitKind::skills).option}, {"max", max}, {"used", used}}};
}

Task<Reply<json>> SkillService::heartbeat(Request request) {
  const auto id = request.sender.id;
  if (devices_.find(id) == nullptr) co_return error(ErrorCode::not_found, "no such device");
  const auto now_ms = to_unix_ms(clock_.wall_now());
  auto stored = co_await store_.set_skills_heartbeat(request.acting_user, id, now_ms);
  if (!stored) co_return tl::unexpected(stored.error());
  const Device* device = devices_.find(id);
  const bool is_back = device != nullptr && !skills_.is_live(*device);
  devices_.set_skills_heartbeat(id, now_ms);
  if (is_back) events_.publish(SkillsChanged{id});
  co_return json{{"skills", skills_.count(id)}};
}

Reply<json> SkillService::list(const Request& request) const {
  const auto listed = skills_.list(request.acting_user, options_.answer_bytes_max, request.rights);
  if (!listed) return too_much();
  json entries = json::array();
  for (const auto& [skill, device] : *listed) {
    entries.push_back(
        {{"class_name", skill.class_name()},
         {"function_name", skill.function_name()},
         {"signature", skill.signature()},
         {"docstring", skill.docstring()},
         {"device_agnostic", skill.device_agnostic()},
         {"confirm", skill.confirm()},
         {"device_id", device->row.device_id},
         {"device_name", device->row.name},
         {"last_heartbeat", format_rfc3339(from_unix_ms(device->row.skills_heartbeat_at_ms.value_or(0)))}});
    if (!skill.input_schema().empty())
      entries.back()["input_schema"] = json::parse(skill.input_schema(), nullptr, false);
  }
  const auto total = entries.size();
  return json{{"skills", std::move(entries)}, {"total", total}};
}

Reply<json> SkillService::search(const Request& request) const {
  const auto query = request.body.value("query", "");
  const auto limit = request.body.value("device_limit", std::size_t{10});
  const auto matches =
      skills_.search(request.acting_user, {query, request.sender.id, limit, options_.answer_bytes_max, request.rights});
  if (!matches) return too_much();
  json results = json::array();
  for (const auto& match : *matches) {
    json devices = json::array();
    for (const auto* device : match.devices) devices.push_back(device->row.normalized_name);
    auto preferred = devices.front();
    results.push_back({{"path", match.path()},
                       {"signature", match.skill.signature()},
                       {"summary", first_line(match.skill.docstring())},
                       {"docstring", match.skill.docstring()},
                       {"devices", std::move(devices)},
                       {"device_count", match.device_count},
                       {"is_local", match.is_local},
                       {"device_agnostic", match.skill.device_agnostic()},
                       {"preferred_device", std::move(preferred)}});
  }
  const auto total = results.size();
  return json{{"results", std::move(results)}, {"total", total}};
}

/// What the request pipeline would say of the finished answer, without making it.
tl::unexpected<Error> SkillService::too_much() const {
  return error(ErrorCode::too_large, "the answer is too large, ask for less",
               {{"bytes_max", options_.answer_bytes_max}});
}

Reply<json> SkillService::describe(const Request& request) const {
  auto path = parse_skill_path(request.body.at("path").get<std::string>());
  if (!path)
    return error(ErrorCode::bad_request, "path is Class.function or device.Class.function", {{"path", "/path"}});
  auto offered = skills_.offering(request.acting_user, path->class_name, path->function_name, request.rights);
  if (!path->device.empty()) {
    const auto* named = devices_.find_for(request.acting_user, path->device);
    const auto id = named != nullptr ? named->row.device_id : std::string();
    std::erase_if(offered, [&](const OfferedSkill& skill) {
      return std::none_of(skill.devices.begin(), skill.devices.end(), [&](const auto& d) { return d.device_id == id; });
    });
  }
  if (offered.empty()) return error(ErrorCode::not_found, "no device offers this skill");
  // Several signatures under one name: the sender's own first, else the one that most devices have.
  const auto best = std::max_element(offered.begin(), offered.end(), [&](const OfferedSkill& a, const OfferedSkill& b) {
    const auto rank = [&](const OfferedSkill& skill) {
      const bool own = std::any_of(skill.devices.begin(), skill.devices.end(),
                                   [&](const auto& d) { return d.device_id == request.sender.id; });
      return std::pair(own, skill.devices.size());
    };
    return rank(a) < rank(b);
  });
  const auto signature = parse_signature(best->skill.signature);
  constexpr std::size_t devices_named_max = 100;
  return json{{"path", best->path()},
              {"signature", best->skill.signature},
              {"docstring", best->skill.docstring},
              {"parameters", signature ? parameters_of(best->skill, *signature) : json{{"type", "object"}}},
              {"device_agnostic", best->skill.device_agnostic},
              {"confirm", best->skill.confirm},
              {"devices", names_of(best->devices, devices_named_max)},
              {"device_count", best->devices.size()}};
}

Reply<json> SkillService::tools(const Request& request) const { return list_tools(skills_, request); }

/// `{"result":…}`, or `{"confirm":{…}}` when somebody must allow the call first.
Task<Reply<json>> SkillService::call_tool(Request request) {
  auto planned = plan_tool_call(skills_, request);
  if (!planned) co_return tl::unexpected(planned.error());
  json answer;
  if (!planned->question.is_null()) {
    answer["confirm"] = std::move(planned->question);
    co_return answer;
  }
  planned->call.is_consented = !options_.confirms_always || request.sender.type != PrincipalType::device;
  auto result = co_await calls_.call(std::move(planned->call));
  if (!result) co_return result;
  answer["result"] = std::move(*result);
  co_return answer;
}

Task<Reply<json>> SkillService::call_for(Request request) {
  if (const auto caller = request.body.find("caller_device_id");
      caller != request.body.end() && *caller != request.sender.id) {
    co_return error(ErrorCode::forbidden, "caller_device_id is not the sender", {{"path", "/caller_device_id"}});
  }
  SkillCall call;
  call.caller = request.sender;
  call.acting_user = std::move(request.acting_user);
  call.rights = std::move(request.rights);
  call.skill_path = request.body.at("skill_path").get<std::string>();
  if (const auto target = request.body.find("target"); target != request.body.end() && target->is_string()) {
    call.target = target->get<std::string>();
  }
  if (auto args = request.body.find("args"); args != request.body.end() && args->is_array())
    call.args = std::move(*args);
  if (auto kwargs = request.body.find("kwargs"); kwargs != request.body.end() && kwargs->is_object())
    call.kwargs = std::move(*kwargs);
  call.deadline = request.deadline;
  call.log_id = std::move(request.log_id);
  call.identity = std::move(request.identity);
  call.is_consented = !options_.confirms_always || request.sender.type != PrincipalType::device;
  co_return co_await calls_.call(std::move(call));
}

}  // namespace strawberry::bridge
