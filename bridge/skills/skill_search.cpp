// Looking through a user's skills: all that fit for `search`, the best few for a chat.
#include <algorithm>
#include <tuple>
#include <utility>

#include "bridge/skills/input_schema.h"
#include "bridge/skills/skill_registry_user.h"

namespace strawberry::bridge {
namespace {

constexpr std::size_t name_bytes_min = 3;  // a letter in quotes
constexpr std::size_t ranked_from = 64;    // devices of one skill
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

auto order_of(const SkillText& text) {
  return std::tuple(text.class_name(), text.function_name(), text.signature(), text.input_schema());
}

}  // namespace

/// One search: what it has found out about devices so far, and what it has found.
class SkillRegistry::Seeker {
 public:
  Seeker(const SkillRegistry& registry, const User& user, const Search& search)
      : registry_(registry),
        user_(user),
        search_(search),
        words_(words_of(search.words)),
        heard_after_(registry.clock_.wall_now() - registry.options_.expiry),
        live_(registry.device_ids_.size(), unknown),
        local_(registry.slot_of(std::string(search.local_device))) {}

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
        if (!is_offered(group, device)) continue;
        ++found.device_count;
        found.is_local = found.is_local || device == local_;
      }
      if (found.device_count == 0) continue;
      bytes += group.text.bytes() + skill_entry_bytes_min;
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
      if (!is_offered(group, slot)) continue;
      const std::uint64_t is_offline = live_[slot] == online ? 0 : 1;
      const std::uint64_t rank = ranks == nullptr ? 0 : (*ranks)[slot];
      order_.push_back(is_offline << 63 | rank << 32 | slot);
    }
    std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(shown), order_.end());
    for (std::size_t i = 0; i < shown; ++i) devices.push_back(registry_.device_at(static_cast<Slot>(order_[i])));
    return devices;
  }

  template <class Group>
  bool is_offered(const Group& group, Slot slot) {
    return is_live(slot) && may_use(search_.rights, group, *registry_.device_at(slot));
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
    if (has_more_ && query_.all_or_none) return {{}, true};
    std::partial_sort(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(shown), found_.end(),
                      [this](const Found& a, const Found& b) {
                        const auto key = [](const Found& found) { return std::pair(found.unmatched, !found.is_local); };
                        if (key(a) != key(b)) return key(a) < key(b);
                        return order_of(user_.groups.at(a.group).text) < order_of(user_.groups.at(b.group).text);
                      });
    std::vector<Slot> groups;
    for (std::size_t i = 0; i < shown; ++i) groups.push_back(found_[i].group);
    return {registry_.offered(user_, groups, query_.devices_max, local_, query_.rights), has_more_};
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
    const auto& group = user_.groups.at(slot);
    const auto& devices = group.devices;
    const auto is_live = [this, &group](Slot each) {
      const Device* device = registry_.device_at(each);
      return device != nullptr && SkillRegistry::is_live(*device, heard_after_) &&
             may_use(query_.rights, group, *device);
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

std::vector<OfferedSkill> SkillRegistry::offered(const User& user, const std::vector<Slot>& groups,
                                                 std::size_t devices_max, std::optional<Slot> local,
                                                 const Rights& rights) const {
  struct Live {
    Slot slot;
    const Device* device;
  };
  std::vector<OfferedSkill> all;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  std::vector<Live> live;
  for (const Slot slot : groups) {
    const auto& group = user.groups.at(slot);
    live.clear();
    for (const Slot device_slot : group.devices) {
      const Device* device = device_at(device_slot);
      if (device != nullptr && is_live(*device, heard_after) && may_use(rights, group, *device))
        live.push_back({device_slot, device});
    }
    if (live.empty()) continue;
    // Ranks compare faster, and take memory for each user who has some.
    const auto* ranks = live.size() > ranked_from ? &ranks_of(user) : nullptr;
    const auto comes_first = [ranks](const Live& a, const Live& b) {
      if (a.device->online != b.device->online) return a.device->online;
      if (ranks != nullptr) return (*ranks)[a.slot] < (*ranks)[b.slot];
      return a.device->row.normalized_name < b.device->row.normalized_name;
    };
    const auto is_local = [local](const Live& each) { return local && each.slot == *local; };
    const auto shown = std::min(live.size(), devices_max);
    const auto end = live.begin() + static_cast<std::ptrdiff_t>(shown);
    std::partial_sort(live.begin(), end, live.end(), comes_first);
    if (const auto left_out = std::find_if(end, live.end(), is_local); left_out != live.end() && shown > 0)
      std::iter_swap(end - 1, left_out);
    OfferedSkill skill{group.text.row(), {}, live.size() - shown};
    skill.skill.confirm = group.confirming > 0;
    skill.devices.reserve(shown);
    for (std::size_t i = 0; i < shown; ++i) {
      const Device& device = *live[i].device;
      skill.devices.push_back({device.row.device_id, device.row.name, device.row.normalized_name, device.online,
                               device.row.about.room, device.normalized_room, device.normalized_aliases});
    }
    all.push_back(std::move(skill));
  }
  return all;
}

std::vector<OfferedSkill> SkillRegistry::offering(const std::string& user_id, const std::string& class_name,
                                                  const std::string& function_name, const Rights& rights) const {
  const User* user = find_user(user_id);
  if (user == nullptr) return {};
  return offered(*user, user->groups.of_path(class_name, function_name), SIZE_MAX, std::nullopt, rights);
}

SkillsFound SkillRegistry::find(const SkillQuery& query) const {
  const User* user = find_user(query.user_id);
  return user == nullptr ? SkillsFound() : Finder(*this, *user, query).run();
}

SkillsFound SkillRegistry::named(const SkillQuery& query, const std::string& class_name,
                                 const std::string& function_name) const {
  const User* user = find_user(query.user_id);
  if (user == nullptr) return {};
  auto found = offered(*user, user->groups.of_path(class_name, function_name), query.devices_max,
                       slot_of(query.sender_id), query.rights);
  const bool has_more = found.size() > query.skills_max;
  if (has_more) found.resize(query.skills_max);
  return {std::move(found), has_more};
}

std::optional<SkillRegistry::Page> SkillRegistry::page(const SkillQuery& query,
                                                       const std::optional<Place>& after) const {
  const User* user = find_user(query.user_id);
  if (user == nullptr) return Page();
  if (user->groups.size() > paged_skills_max) return std::nullopt;
  const WallTime heard_after = clock_.wall_now() - options_.expiry;
  std::vector<Slot> live;
  for (const Slot slot : user->groups.all()) {
    const auto& group = user->groups.at(slot);
    const bool is_offered = std::any_of(group.devices.begin(), group.devices.end(), [&](Slot each) {
      const Device* device = device_at(each);
      return device != nullptr && is_live(*device, heard_after) && may_use(query.rights, group, *device);
    });
    if (is_offered) live.push_back(slot);
  }
  const auto order = [&](Slot slot) { return order_of(user->groups.at(slot).text); };
  std::sort(live.begin(), live.end(), [&](Slot a, Slot b) { return order(a) < order(b); });
  auto first = live.begin();
  if (after) {
    using Text = std::string_view;
    const std::tuple<Text, Text, Text> place(after->class_name, after->function_name, after->signature);
    const auto place_of = [&](Slot slot) {
      const auto& text = user->groups.at(slot).text;
      return std::tuple<Text, Text, Text>(text.class_name(), text.function_name(), text.signature());
    };
    first = std::partition_point(first, live.end(), [&](Slot slot) { return place_of(slot) < place; });
    // Skills that differ in their schemas alone: behind the one that was last, or behind all when it is gone.
    bool is_behind = false;
    while (!is_behind && first != live.end() && place_of(*first) == place) {
      is_behind = digest_of_schema(user->groups.at(*first).text.input_schema()) == after->schema_digest;
      ++first;
    }
  }
  const auto left = static_cast<std::size_t>(live.end() - first);
  const auto shown = std::min(left, query.skills_max);
  Page page;
  page.total = live.size();
  page.has_more = left > shown;
  const auto path = [&](Slot slot) {
    const auto& text = user->groups.at(slot).text;
    return std::pair(text.class_name(), text.function_name());
  };
  page.continues = first != live.begin() && first != live.end() && path(*first) == path(*std::prev(first));
  page.skills = offered(*user, {first, first + static_cast<std::ptrdiff_t>(shown)}, query.devices_max,
                        slot_of(query.sender_id), query.rights);
  return page;
}

std::optional<std::vector<SkillRegistry::Match>> SkillRegistry::search(const std::string& user_id,
                                                                       const Search& search) const {
  const User* user = find_user(user_id);
  if (user == nullptr) return std::vector<Match>();
  return Seeker(*this, *user, search).run();
}

}  // namespace strawberry::bridge
