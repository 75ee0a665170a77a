#include "bridge/skills/skill_registry.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace strawberry {
namespace {

/// ASCII only: bytes of other characters stay as they are and match themselves.
std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower(query)) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace

SkillRegistry::SkillRegistry(const Clock& clock, const DeviceRegistry& devices, Options options)
    : clock_(clock), devices_(devices), options_(options) {}

void SkillRegistry::put(const std::string& device_id, const std::string& user_id, std::vector<SkillRow> skills) {
  remove(device_id);
  auto& groups = by_user_[user_id];
  for (const auto& skill : skills) {
    auto& group = groups[GroupKey(skill.class_name, skill.function_name, skill.signature)];
    group.skill = skill;
    group.haystack = lower(skill.class_name + '\n' + skill.function_name + '\n' + skill.docstring);
    group.devices.push_back(device_id);
  }
  total_ += skills.size();
  by_device_[device_id] = {user_id, std::move(skills)};
}

void SkillRegistry::remove(const std::string& device_id) {
  const auto owned = by_device_.find(device_id);
  if (owned == by_device_.end()) return;
  leave_groups(device_id);
  total_ -= owned->second.skills.size();
  by_device_.erase(owned);
}

void SkillRegistry::leave_groups(const std::string& device_id) {
  const auto& owned = by_device_.at(device_id);
  const auto groups = by_user_.find(owned.user_id);
  for (const auto& skill : owned.skills) {
    const auto group = groups->second.find(GroupKey(skill.class_name, skill.function_name, skill.signature));
    if (group == groups->second.end()) continue;
    std::erase(group->second.devices, device_id);
    if (group->second.devices.empty()) groups->second.erase(group);
  }
  if (groups->second.empty()) by_user_.erase(groups);
}

std::size_t SkillRegistry::count(const std::string& device_id) const {
  const auto owned = by_device_.find(device_id);
  return owned == by_device_.end() ? 0 : owned->second.skills.size();
}

bool SkillRegistry::is_live(const Device& device) const {
  if (!device.row.is_active || !device.row.skills_heartbeat_at_ms) return false;
  return clock_.wall_now() < from_unix_ms(*device.row.skills_heartbeat_at_ms) + options_.expiry;
}

OfferedSkill SkillRegistry::offered(const Group& group) const {
  OfferedSkill offered{group.skill, {}};
  for (const auto& id : group.devices) {
    const auto* device = devices_.find(id);
    if (device == nullptr || !is_live(*device)) continue;
    offered.devices.push_back({id, device->row.name, device->row.normalized_name, device->online});
  }
  std::sort(offered.devices.begin(), offered.devices.end(), [](const auto& a, const auto& b) {
    return std::tuple(!a.connected, std::string_view(a.normalized_name)) <
           std::tuple(!b.connected, std::string_view(b.normalized_name));
  });
  return offered;
}

std::vector<OfferedSkill> SkillRegistry::offered_to(const std::string& user_id) const {
  std::vector<OfferedSkill> all;
  const auto groups = by_user_.find(user_id);
  if (groups == by_user_.end()) return all;
  for (const auto& [key, group] : groups->second) {
    auto skill = offered(group);
    if (!skill.devices.empty()) all.push_back(std::move(skill));
  }
  return all;
}

std::vector<SkillRegistry::Listed> SkillRegistry::list(const std::string& user_id) const {
  std::vector<Listed> all;
  for (const auto* device : devices_.list(user_id)) {
    if (!is_live(*device)) continue;
    const auto owned = by_device_.find(device->row.device_id);
    if (owned == by_device_.end()) continue;
    for (const auto& skill : owned->second.skills) all.push_back({&skill, device});
  }
  return all;
}

std::vector<OfferedSkill> SkillRegistry::offering(const std::string& user_id, const std::string& class_name,
                                                  const std::string& function_name) const {
  std::vector<OfferedSkill> all;
  const auto groups = by_user_.find(user_id);
  if (groups == by_user_.end()) return all;
  for (auto group = groups->second.lower_bound(GroupKey(class_name, function_name, "")); group != groups->second.end();
       ++group) {
    if (group->second.skill.class_name != class_name || group->second.skill.function_name != function_name) break;
    auto skill = offered(group->second);
    if (!skill.devices.empty()) all.push_back(std::move(skill));
  }
  return all;
}

std::vector<SkillRegistry::Match> SkillRegistry::search(const std::string& user_id, const std::string& query,
                                                        const std::string& local_device) const {
  const auto groups = by_user_.find(user_id);
  if (groups == by_user_.end()) return {};
  const auto words = words_of(query);

  std::vector<Match> all_words;
  std::vector<Match> any_word;
  for (const auto& [key, group] : groups->second) {
    const auto hits = std::count_if(words.begin(), words.end(), [&group = group](const auto& word) {
      return group.haystack.find(word) != std::string::npos;
    });
    const bool all = hits == std::ssize(words);
    if (!all && (hits == 0 || !all_words.empty())) continue;
    Match match{offered(group), false};
    const auto& offering = match.skill.devices;
    if (offering.empty()) continue;
    match.is_local = std::any_of(offering.begin(), offering.end(),
                                 [&](const auto& device) { return device.device_id == local_device; });
    (all ? all_words : any_word).push_back(std::move(match));
  }
  auto& found = all_words.empty() ? any_word : all_words;
  // Groups are in order of class and function already.
  std::stable_partition(found.begin(), found.end(), [](const Match& match) { return match.is_local; });
  return std::move(found);
}

}  // namespace strawberry
