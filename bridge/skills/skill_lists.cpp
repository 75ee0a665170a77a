#include "bridge/skills/skill_lists.h"

#include <optional>
#include <utility>

#include "bridge/skills/answer_page.h"
#include "bridge/skills/input_schema.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

bool is_paged(const json& body) { return body.contains("limit") || body.contains("cursor"); }
std::size_t limit_of(const json& body) { return body.value("limit", page_entries_max); }

std::string_view first_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_first_of("\r\n", start) - start);
}

/// What the request pipeline would say of the finished answer, without making it.
tl::unexpected<Error> too_much(std::size_t answer_bytes_max) {
  return error(ErrorCode::too_large, "the answer is too large, ask for less: limit and next_cursor give it in pages",
               {{"bytes_max", answer_bytes_max}});
}

json entry_of(const SkillRegistry::Listed& listed) {
  const auto& [skill, device, index] = listed;
  json entry{{"class_name", skill.class_name()},
             {"function_name", skill.function_name()},
             {"signature", skill.signature()},
             {"docstring", skill.docstring()},
             {"device_agnostic", skill.device_agnostic()},
             {"confirm", skill.confirm()},
             {"device_id", device->row.device_id},
             {"device_name", device->row.name},
             {"last_heartbeat", format_rfc3339(from_unix_ms(device->row.skills_heartbeat_at_ms.value_or(0)))}};
  if (!skill.input_schema().empty()) entry["input_schema"] = json_from(skill.input_schema());
  return entry;
}

json entry_of(const SkillRegistry::Match& match) {
  json devices = json::array();
  for (const auto* device : match.devices) devices.push_back(device->row.normalized_name);
  auto preferred = devices.front();
  return {{"path", match.path()},
          {"signature", match.skill.signature()},
          {"summary", first_line(match.skill.docstring())},
          {"docstring", match.skill.docstring()},
          {"devices", std::move(devices)},
          {"device_count", match.device_count},
          {"is_local", match.is_local},
          {"device_agnostic", match.skill.device_agnostic()},
          {"preferred_device", std::move(preferred)}};
}

std::string cursor_of_last(const SkillRegistry::Match& match) {
  return cursor_of(SkillRegistry::Place{std::string(match.skill.class_name()), std::string(match.skill.function_name()),
                                        std::string(match.skill.signature()),
                                        digest_of_schema(match.skill.input_schema()), match.is_local});
}

Reply<json> page_of_list(const SkillRegistry& skills, const Request& request) {
  std::optional<SkillRegistry::ListPlace> from;
  if (request.body.contains("cursor")) {
    from = read_list_place(request.body.at("cursor").get<std::string>());
    if (!from) return not_a_cursor();
  }
  const auto page = skills.list_page(request.acting_user, from, limit_of(request.body), request.rights);
  PageEntries entries;
  auto next = page.next;
  for (const auto& listed : page.skills) {
    if (entries.add(entry_of(listed))) continue;
    next = SkillRegistry::ListPlace{listed.device->row.normalized_name, listed.index};
    break;
  }
  json answer{{"skills", entries.take()}, {"total", page.total}};
  if (next) answer["next_cursor"] = cursor_of(*next);
  return answer;
}

Reply<json> page_of_search(const SkillRegistry& skills, const Request& request, const SkillRegistry::Search& search) {
  std::optional<SkillRegistry::Place> after;
  if (request.body.contains("cursor")) {
    after = read_place(request.body.at("cursor").get<std::string>());
    if (!after) return not_a_cursor();
  }
  const auto page = skills.search_page(request.acting_user, search, after, limit_of(request.body));
  if (!page)
    return error(ErrorCode::too_large, "too many skills fit: search with more words",
                 {{"skills_max", search.found_max}});
  PageEntries entries;
  const SkillRegistry::Match* last = nullptr;
  bool has_more = page->has_more;
  for (const auto& match : page->matches) {
    if (!entries.add(entry_of(match))) {
      has_more = true;
      break;
    }
    last = &match;
  }
  json answer{{"results", entries.take()}, {"total", page->total}};
  if (has_more && last != nullptr) answer["next_cursor"] = cursor_of_last(*last);
  return answer;
}

}  // namespace

Reply<json> list_skills(const SkillRegistry& skills, const Request& request, std::size_t answer_bytes_max) {
  if (is_paged(request.body)) return page_of_list(skills, request);
  const auto listed = skills.list(request.acting_user, answer_bytes_max, request.rights);
  if (!listed) return too_much(answer_bytes_max);
  json entries = json::array();
  for (const auto& each : *listed) entries.push_back(entry_of(each));
  const auto total = entries.size();
  return json{{"skills", std::move(entries)}, {"total", total}};
}

Reply<json> search_skills(const SkillRegistry& skills, const Request& request, std::size_t answer_bytes_max) {
  const auto words = request.body.value("query", "");
  const auto devices_max = request.body.value("device_limit", std::size_t{10});
  SkillRegistry::Search search{words, request.sender.id, devices_max, answer_bytes_max, request.rights};
  if (is_paged(request.body)) {
    search.bytes_max = SIZE_MAX;
    search.found_max = SkillRegistry::paged_skills_max;
    return page_of_search(skills, request, search);
  }
  const auto matches = skills.search(request.acting_user, search);
  if (!matches) return too_much(answer_bytes_max);
  json results = json::array();
  for (const auto& match : *matches) results.push_back(entry_of(match));
  const auto total = results.size();
  return json{{"results", std::move(results)}, {"total", total}};
}

}  // namespace strawberry::bridge
