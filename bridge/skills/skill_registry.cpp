#include "bridge/skills/skill_registry.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "bridge/skills/skill_groups.h"

namespace strawberry {
namespace {

/// What an entry takes in an answer besides its texts: the members' names alone are longer.
constexpr std::size_t entry_bytes_min = 140;
constexpr std::size_t name_bytes_min = 3;  // a letter in quotes

constexpr std::size_t find_words_max = 12;
constexpr std::size_t find_slots_max = 4096;  // of a find() without words, which looks at no text

std::vector<std::string> words_of(std::string_view query) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  std::vector<std::string> words;
  for (auto start = query.begin(); start != query.end();) {
    const auto end = std::find_if(start, query.end(), is_space);
    if (end != start) {
      std::string word;
      append_lower(
          word, query.substr(static_cast<std::size_t>(start - query.begin()), static_cast<std::size_t>(end - start)));
      if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
    }
    start = end == query.end() ? end : end + 1;
  }
  return words;
}

auto order_of(const SkillText& text) { return std::tuple(text.class_name(), text.function_name(), text.signature()); }

}  // namespace

struct SkillRegistry::User {
  User(std::string user_id, std::size_t filter_from) : id(std::move(user_id)), groups(filter_from) {}
  std::string id;
  SkillGroups groups;
  std::size_t devices = 0;
  std::uint64_t membership = 0;  // moves when a device comes or goes
  // The place of each device's name among the user's, by the device's slot; good for one revision of the devices and
  // one membership.
  mutable std::vector<std::uint32_t> ranks;
  mutable std::uint64_t ranks_at_revision = 0;
  mutable std::uint64_t ranks_at_membership = 0;
};

/// One search: what it has found out about devices so far, and what it has found.
class SkillRegistry::Seeker {
 public:
  Seeker(const SkillRegistry& registry, const User& user, const Search& search)
      : registry_(registry),
        user_(user),
        search_(search),
        words_(words_of(search.words)),
        heard_after_(registry.clock_.wall_now() - registry.options_.expiry),
        live_(registry.device_ids_.size(), unknown) {
    local_ = registry.slot_of(std::string(search.local_device));
  }

  std::optional<std::vector<Match>> run() {
    if (!collect(/*all_words=*/true)) return std::nullopt;
    if (found_.empty() && words_.size() > 1 && !collect(/*all_words=*/false)) return std::nullopt;
    std::sort(found_.begin(), found_.end(), [this](const Found& a, const Found& b) {
      if (a.is_local != b.is_local) return a.is_local;
      return order_of(text(a)) < order_of(text(b));
    });
    std::vector<Match> matches;
    matches.reserve(found_.size());
    for (const Found& each : found_) {
      matches.push_back({text(each), first_devices(each), each.device_count, each.is_local});
    }
    return matches;
  }

 private:
  enum Live : std::uint8_t { unknown, no, offline, online };

  struct Found {
    Slot group;
    std::uint32_t device_count;
    bool is_local;
  };

  const SkillText& text(const Found& found) const { return user_.groups.at(found.group).text; }

  /// False when it is more than fits.
  bool collect(bool all_words) {
    std::size_t bytes = 0;
    for (const Slot slot : user_.groups.candidates(words_, all_words)) {
      const auto& group = user_.groups.at(slot);
      if (!contains(group.text, all_words)) continue;
      Found found{slot, 0, false};
      for (const Slot device : group.devices) {
        if (!is_live(device)) continue;
        ++found.device_count;
        found.is_local = found.is_local || device == local_;
      }
      if (found.device_count == 0) continue;
      bytes += group.text.bytes() + entry_bytes_min;
      bytes += name_bytes_min * std::min<std::size_t>(found.device_count, search_.devices_max);
      if (bytes > search_.bytes_max) return false;
      found_.push_back(found);
    }
    return true;
  }

  bool contains(const SkillText& text, bool all_words) {
    lower_.clear();
    append_lower(lower_, text.searched());
    const auto is_in = [this](const std::string& word) { return lower_.find(word) != std::string::npos; };
    return all_words ? std::all_of(words_.begin(), words_.end(), is_in)
                     : std::any_of(words_.begin(), words_.end(), is_in);
  }

  /// Connected ones first, then by name.
  std::vector<const Device*> first_devices(const Found& found) {
    const auto& group = user_.groups.at(found.group);
    const auto shown = std::min<std::size_t>(found.device_count, search_.devices_max);
    std::vector<const Device*> devices;
    devices.reserve(shown);
    order_.clear();
    const auto* ranks = found.device_count > 1 ? &registry_.ranks_of(user_) : nullptr;
    for (const Slot slot : group.devices) {
      if (!is_live(slot)) continue;
      const std::uint64_t is_offline = live_[slot] == online ? 0 : 1;
      const std::uint64_t rank = ranks == nullptr ? 0 : (*ranks)[slot];
      order_.push_back(is_offline << 63 | rank << 32 | slot);
    }
    std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(shown), order_.end());
    for (std::size_t i = 0; i < shown; ++i) devices.push_back(registry_.device_at(static_cast<Slot>(order_[i])));
    return devices;
  }

  bool is_live(Slot slot) {
    if (live_[slot] == unknown) {
      const Device* device = registry_.device_at(slot);
      const bool lives = device != nullptr && SkillRegistry::is_live(*device, heard_after_);
      live_[slot] = !lives ? no : device->online ? online : offline;
    }
    return live_[slot] >= offline;
  }

  const SkillRegistry& registry_;
  const User& user_;
  const Search& search_;
  std::vector<std::string> words_;
  WallTime heard_after_;
  std::vector<Live> live_;  // by slot
  std::optional<Slot> local_;
  std::string lower_;
  std::vector<Found> found_;
  std::vector<std::uint64_t> order_;
};

/// One find(): few skills out of many, by how many of the words they contain.
class SkillRegistry::Finder {
 public:
  Finder(const SkillRegistry& registry, const User& user, const SkillQuery& query)
      : registry_(registry),
        user_(user),
        query_(query),
        words_(words_of(query.words)),
        heard_after_(registry.clock_.wall_now() - registry.options_.expiry),
        local_(registry.slot_of(query.sender_id)) {
    if (words_.size() > find_words_max) words_.resize(find_words_max);
  }

  SkillsFound run() {
    if (words_.empty()) {
      take_any();
    } else {
      take_matching(/*all_words=*/true);
      if (words_.size() > 1 && found_.size() <= query_.skills_max) take_matching(/*all_words=*/false);
    }
    const auto shown = std::min(found_.size(), query_.skills_max);
    has_more_ = has_more_ || found_.size() > shown;
    std::partial_sort(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(shown), found_.end(),
                      [this](const Found& a, const Found& b) {
                        const auto key = [](const Found& found) { return std::pair(found.unmatched, !found.is_local); };
                        if (key(a) != key(b)) return key(a) < key(b);
                        return order_of(user_.groups.at(a.group).text) < order_of(user_.groups.at(b.group).text);
                      });
    std::vector<Slot> groups;
    for (std::size_t i = 0; i < shown; ++i) groups.push_back(found_[i].group);
    return {registry_.offered(user_, groups, query_.devices_max, local_), has_more_};
  }

 private:
  struct Found {
    Slot group;
    std::size_t unmatched;  // words
    bool is_local;
  };

  void take_any() {
    const auto end = user_.groups.slots_end();
    for (Slot slot = 0; slot < end && found_.size() <= query_.skills_max; ++slot) {
      if (slot == find_slots_max) {
        has_more_ = true;
        return;
      }
      take(slot, 0);
    }
  }

  void take_matching(bool all_words) {
    const auto full_matches = found_.size();
    for (const Slot slot : user_.groups.candidates(words_, all_words)) {
      const auto& text = user_.groups.at(slot).text;
      if (bytes_ + text.searched().size() > registry_.options_.find_bytes_max) {
        has_more_ = true;
        return;
      }
      bytes_ += text.searched().size();
      lower_.clear();
      append_lower(lower_, text.searched());
      const auto unmatched = static_cast<std::size_t>(std::count_if(
          words_.begin(), words_.end(), [this](const auto& word) { return lower_.find(word) == std::string::npos; }));
      // Whole matches were taken in the first round.
      const bool is_wanted =
          all_words ? unmatched == 0 : unmatched < words_.size() && (unmatched > 0 || full_matches == 0);
      if (is_wanted) take(slot, unmatched);
    }
  }

  void take(Slot slot, std::size_t unmatched) {
    const auto& devices = user_.groups.at(slot).devices;
    const auto is_live = [this](Slot each) {
      const Device* device = registry_.device_at(each);
      return device != nullptr && SkillRegistry::is_live(*device, heard_after_);
    };
    if (std::none_of(devices.begin(), devices.end(), is_live)) return;
    const bool is_local = local_ && std::find(devices.begin(), devices.end(), *local_) != devices.end();
    found_.push_back({slot, unmatched, is_local && is_live(*local_)});
  }

  const SkillRegistry& registry_;
  const User& user_;
  const SkillQuery& query_;
  std::vector<std::string> words_;
  WallTime heard_after_;
  std::optional<Slot> local_;
  std::string lower_;
  std::size_t bytes_ = 0;
  std::vector<Found> found_;
  bool has_more_ = false;
};

std::string SkillRegistry::Match::path() const {
  return std::string(skill.class_name()) + "." + std::string(skill.function_name());
}

SkillRegistry::SkillRegistry(const Clock& clock, const DeviceRegistry& devices, Options options)
    : clock_(clock), devices_(devices), options_(options) {}

SkillRegistry::~SkillRegistry() = default;

// --- changes ---

void SkillRegistry::put(const std::string& device_id, const std::string& user_id, const std::vector<SkillRow>& skills) {
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
  owned.texts = std::move(texts);
  join(owned, std::move(groups));
  count_confirms(owned, /*are_coming=*/true);
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

std::size_t SkillRegistry::count(const std::string& device_id) const {
  const auto owned = by_device_.find(device_id);
  return owned == by_device_.end() ? 0 : owned->second.texts.size();
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

std::vector<OfferedSkill> SkillRegistry::offered(const User& user, const std::vector<Slot>& groups,
                                                 std::size_t devices_max, std::optional<Slot> local) const {
  std::vector<OfferedSkill> all;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  const auto& ranks = ranks_of(user);
  std::vector<std::uint64_t> live;  // connected ones first, then by name
  for (const Slot slot : groups) {
    const auto& group = user.groups.at(slot);
    live.clear();
    for (const Slot device_slot : group.devices) {
      const Device* device = device_at(device_slot);
      if (device == nullptr || !is_live(*device, heard_after)) continue;
      const std::uint64_t is_offline = device->online ? 0 : 1;
      live.push_back(is_offline << 63 | std::uint64_t{ranks[device_slot]} << 32 | device_slot);
    }
    if (live.empty()) continue;
    const auto is_local = [local](std::uint64_t key) { return local && static_cast<Slot>(key) == *local; };
    const auto shown = std::min(live.size(), devices_max);
    const auto end = live.begin() + static_cast<std::ptrdiff_t>(shown);
    std::partial_sort(live.begin(), end, live.end());
    if (const auto left_out = std::find_if(end, live.end(), is_local); left_out != live.end() && shown > 0)
      std::iter_swap(end - 1, left_out);
    OfferedSkill skill{group.text.row(), {}, live.size() - shown};
    skill.skill.confirm = group.confirming > 0;
    skill.devices.reserve(shown);
    for (std::size_t i = 0; i < shown; ++i) {
      const Device* device = device_at(static_cast<Slot>(live[i]));
      skill.devices.push_back({device->row.device_id, device->row.name, device->row.normalized_name, device->online});
    }
    all.push_back(std::move(skill));
  }
  return all;
}

std::vector<OfferedSkill> SkillRegistry::offered_to(const std::string& user_id) const {
  const User* user = find_user(user_id);
  if (user == nullptr) return {};
  auto groups = user->groups.all();
  std::sort(groups.begin(), groups.end(),
            [user](Slot a, Slot b) { return order_of(user->groups.at(a).text) < order_of(user->groups.at(b).text); });
  return offered(*user, groups, SIZE_MAX, std::nullopt);
}

std::vector<OfferedSkill> SkillRegistry::offering(const std::string& user_id, const std::string& class_name,
                                                  const std::string& function_name) const {
  const User* user = find_user(user_id);
  if (user == nullptr) return {};
  return offered(*user, user->groups.of_path(class_name, function_name), SIZE_MAX, std::nullopt);
}

SkillsFound SkillRegistry::find(const SkillQuery& query) const {
  const User* user = find_user(query.user_id);
  return user == nullptr ? SkillsFound() : Finder(*this, *user, query).run();
}

SkillsFound SkillRegistry::named(const SkillQuery& query, const std::string& class_name,
                                 const std::string& function_name) const {
  const User* user = find_user(query.user_id);
  if (user == nullptr) return {};
  auto found =
      offered(*user, user->groups.of_path(class_name, function_name), query.devices_max, slot_of(query.sender_id));
  const bool has_more = found.size() > query.skills_max;
  if (has_more) found.resize(query.skills_max);
  return {std::move(found), has_more};
}

std::optional<std::vector<SkillRegistry::Listed>> SkillRegistry::list(const std::string& user_id,
                                                                      std::size_t bytes_max) const {
  std::vector<Listed> all;
  std::size_t bytes = 0;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  for (const auto* device : devices_.list(user_id)) {
    if (!is_live(*device, heard_after)) continue;
    const auto owned = by_device_.find(device->row.device_id);
    if (owned == by_device_.end()) continue;
    for (const auto& text : owned->second.texts) {
      bytes += text.bytes() + entry_bytes_min;
      if (bytes > bytes_max) return std::nullopt;
      all.push_back({text, device});
    }
  }
  return all;
}

std::optional<std::vector<SkillRegistry::Match>> SkillRegistry::search(const std::string& user_id,
                                                                       const Search& search) const {
  const User* user = find_user(user_id);
  if (user == nullptr) return std::vector<Match>();
  return Seeker(*this, *user, search).run();
}

}  // namespace strawberry
