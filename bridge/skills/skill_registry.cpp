#include "bridge/skills/skill_registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/skills/skill_registry_user.h"

namespace strawberry::bridge {

SkillRegistry::SkillRegistry(const Clock& clock, const DeviceRegistry& devices, Options options)
    : clock_(clock), devices_(devices), options_(options) {}

SkillRegistry::~SkillRegistry() = default;

// --- changes ---

bool SkillRegistry::put(const std::string& device_id, const std::string& user_id, const std::vector<SkillRow>& skills) {
  if (const auto known = by_device_.find(device_id); known != by_device_.end() && known->second.user->id != user_id) {
    remove(device_id);
  }
  auto& user = by_user_[user_id];
  if (!user) user = std::make_unique<User>(user_id, options_.filter_from);
  const auto [place, is_new] = by_device_.try_emplace(device_id);
  Owned& owned = place->second;
  if (is_new) {
    owned.user = user.get();
    ++user->devices;
    ++user->membership;
    owned.slot = take_slot(place->first);
  }
  count_confirms(owned, /*are_coming=*/false);
  std::vector<SkillText> texts;
  std::vector<Slot> groups;
  texts.reserve(skills.size());
  groups.reserve(skills.size());
  for (const auto& skill : skills) {
    texts.push_back(texts_.share(skill));
    groups.push_back(user->groups.put(texts.back()));
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  total_ += texts.size();
  total_ -= owned.texts.size();
  const bool is_change = is_new || owned.texts != texts;
  owned.texts = std::move(texts);
  join(owned, std::move(groups));
  count_confirms(owned, /*are_coming=*/true);
  return is_change;
}

/// A group's text is of who registered last; whether it asks first must not depend on that.
void SkillRegistry::count_confirms(Owned& owned, bool are_coming) {
  SkillGroups& groups = owned.user->groups;
  for (const auto& text : owned.texts) {
    if (text.confirm()) are_coming ? groups.add_confirming(text) : groups.remove_confirming(text);
  }
}

/// Comes into groups first and leaves others then: a group that stays is never gone in between.
void SkillRegistry::join(Owned& owned, std::vector<Slot> groups) {
  std::vector<Slot> joined;
  std::vector<Slot> left;
  std::set_difference(groups.begin(), groups.end(), owned.groups.begin(), owned.groups.end(),
                      std::back_inserter(joined));
  std::set_difference(owned.groups.begin(), owned.groups.end(), groups.begin(), groups.end(), std::back_inserter(left));
  SkillGroups& all = owned.user->groups;
  for (const Slot group : joined) all.add_device(group, owned.slot);
  for (const Slot group : left) all.remove_device(group, owned.slot);
  owned.groups = std::move(groups);
}

void SkillRegistry::remove(const std::string& device_id) {
  const auto place = by_device_.find(device_id);
  if (place == by_device_.end()) return;
  Owned& owned = place->second;
  total_ -= owned.texts.size();
  count_confirms(owned, /*are_coming=*/false);
  join(owned, {});
  device_ids_[owned.slot] = nullptr;
  found_devices_[owned.slot] = nullptr;
  free_slots_.push_back(owned.slot);
  ++owned.user->membership;
  if (--owned.user->devices == 0) by_user_.erase(by_user_.find(owned.user->id));
  by_device_.erase(place);
}

SkillRegistry::Slot SkillRegistry::take_slot(const std::string& device_id) {
  Slot slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<Slot>(device_ids_.size());
    device_ids_.push_back(nullptr);
    found_devices_.push_back(nullptr);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  device_ids_[slot] = &device_id;
  return slot;
}

// --- questions ---

const std::vector<SkillText>& SkillRegistry::skills_of(const std::string& device_id) const {
  static const std::vector<SkillText> none;
  const auto owned = by_device_.find(device_id);
  return owned == by_device_.end() ? none : owned->second.texts;
}

std::size_t SkillRegistry::count(const std::string& device_id) const {
  const auto owned = by_device_.find(device_id);
  return owned == by_device_.end() ? 0 : owned->second.texts.size();
}

std::size_t SkillRegistry::count_of_user(const std::string& user_id) const {
  std::size_t skills = 0;
  for (const Device* device : devices_.list(user_id)) skills += count(device->row.device_id);
  return skills;
}

bool SkillRegistry::is_live(const Device& device) const { return is_live(device, clock_.wall_now() - options_.expiry); }

bool SkillRegistry::is_live(const Device& device, WallTime heard_after) {
  const auto& heard = device.row.skills_heartbeat_at_ms;
  return device.row.is_active && heard && from_unix_ms(*heard) > heard_after;
}

const SkillRegistry::User* SkillRegistry::find_user(const std::string& user_id) const {
  const auto user = by_user_.find(user_id);
  return user == by_user_.end() ? nullptr : user->second.get();
}

const Device* SkillRegistry::device_at(Slot slot) const {
  if (found_at_revision_ != devices_.revision()) {
    std::fill(found_devices_.begin(), found_devices_.end(), nullptr);
    found_at_revision_ = devices_.revision();
  }
  auto& device = found_devices_[slot];
  if (device == nullptr) device = devices_.find(*device_ids_[slot]);
  return device;
}

const std::vector<std::uint32_t>& SkillRegistry::ranks_of(const User& user) const {
  if (user.ranks_at_revision == devices_.revision() && user.ranks_at_membership == user.membership) return user.ranks;
  user.ranks.assign(device_ids_.size(), 0);
  std::uint32_t rank = 0;
  for (const Device* device : devices_.list(user.id)) {
    const auto owned = by_device_.find(device->row.device_id);
    if (owned != by_device_.end()) user.ranks[owned->second.slot] = rank++;
  }
  user.ranks_at_revision = devices_.revision();
  user.ranks_at_membership = user.membership;
  return user.ranks;
}

std::optional<SkillRegistry::Slot> SkillRegistry::slot_of(const std::string& device_id) const {
  const auto owned = by_device_.find(device_id);
  return owned == by_device_.end() ? std::nullopt : std::optional(owned->second.slot);
}

std::optional<std::vector<SkillRegistry::Listed>> SkillRegistry::list(const std::string& user_id, std::size_t bytes_max,
                                                                      const Rights& rights) const {
  const bool is_limited = !rights.has(Scope::any_skill) || !rights.has(Scope::confirmed);
  const auto may_use_text = [&](const User& user, const SkillText& text, const Device& device) {
    const auto groups = user.groups.of_path(std::string(text.class_name()), std::string(text.function_name()));
    return std::all_of(groups.begin(), groups.end(),
                       [&](Slot group) { return may_use(rights, user.groups.at(group), device); });
  };
  std::vector<Listed> all;
  std::size_t bytes = 0;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  for (const auto* device : devices_.list(user_id)) {
    if (!is_live(*device, heard_after)) continue;
    const auto owned = by_device_.find(device->row.device_id);
    if (owned == by_device_.end()) continue;
    for (const auto& text : owned->second.texts) {
      if (is_limited && !may_use_text(*owned->second.user, text, *device)) continue;
      bytes += text.bytes() + text.input_schema().size() + skill_entry_bytes_min;
      if (bytes > bytes_max) return std::nullopt;
      all.push_back({text, device});
    }
  }
  return all;
}

}  // namespace strawberry::bridge
