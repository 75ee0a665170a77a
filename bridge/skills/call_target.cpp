#include "bridge/skills/call_target.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

using Candidates = std::vector<const CallCandidate*>;

const CallCandidate& most_recently_heard_of(const Candidates& candidates) {
  return **std::max_element(candidates.begin(), candidates.end(), [](const auto* a, const auto* b) {
    return std::pair(a->heard_of_ms, b->device_id) < std::pair(b->heard_of_ms, a->device_id);
  });
}

bool is_agnostic(const CallCandidate* candidate) { return candidate->device_agnostic; }

tl::unexpected<Error> nobody_connected(const std::string& skill_path) {
  return error(ErrorCode::device_offline, "no device that offers " + printable(skill_path) + " is connected");
}

tl::unexpected<Error> ambiguous(const Candidates& candidates, const std::string& skill_path) {
  constexpr std::size_t candidates_max = 20;
  nlohmann::json names = nlohmann::json::array();
  nlohmann::json rooms = nlohmann::json::object();
  for (const auto* candidate : candidates) {
    if (names.size() == candidates_max) break;
    names.push_back(candidate->normalized_name);
    if (!candidate->room.empty()) rooms[candidate->normalized_name] = candidate->room;
  }
  nlohmann::json details{{"candidates", std::move(names)}, {"total", candidates.size()}};
  if (!rooms.empty()) details["rooms"] = std::move(rooms);
  return error(ErrorCode::ambiguous, "several devices offer " + printable(skill_path) + ": name one as target",
               std::move(details));
}

}  // namespace

Reply<SkillPath> parse_skill_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  const bool complete = std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
  if (complete && parts.size() == 2) return SkillPath{"", parts[0], parts[1]};
  if (complete && parts.size() == 3) return SkillPath{parts[0], parts[1], parts[2]};
  return error(ErrorCode::bad_request, "skill_path is Class.function or device.Class.function",
               {{"path", "/skill_path"}});
}

Reply<std::string> choose_device(const std::vector<CallCandidate>& candidates, const std::string& caller_id,
                                 const std::string& skill_path) {
  if (candidates.empty()) return error(ErrorCode::not_found, "no device offers " + printable(skill_path));
  Candidates connected;
  for (const auto& candidate : candidates) {
    if (candidate.device_id == caller_id) return candidate.device_id;
    if (candidate.connected) connected.push_back(&candidate);
  }
  if (connected.empty()) return nobody_connected(skill_path);
  if (connected.size() == 1) return connected.front()->device_id;
  if (std::all_of(connected.begin(), connected.end(), is_agnostic)) return most_recently_heard_of(connected).device_id;
  return ambiguous(connected, skill_path);
}

Reply<std::string> choose_any_device(const std::vector<CallCandidate>& candidates, const std::string& call_id,
                                     const std::string& skill_path) {
  Candidates agnostic;
  for (const auto& candidate : candidates)
    if (candidate.device_agnostic) agnostic.push_back(&candidate);
  if (agnostic.empty())
    return error(ErrorCode::not_found, "no device offers " + printable(skill_path) + " as device_agnostic");
  std::erase_if(agnostic, [](const auto* candidate) { return !candidate->connected; });
  if (agnostic.empty()) return nobody_connected(skill_path);
  const auto weight = [&](const CallCandidate* candidate) {
    return std::pair(std::hash<std::string>{}(call_id + candidate->device_id), candidate->device_id);
  };
  return (*std::max_element(agnostic.begin(), agnostic.end(),
                            [&](const auto* a, const auto* b) { return weight(a) < weight(b); }))
      ->device_id;
}

}  // namespace strawberry::bridge
