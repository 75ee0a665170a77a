#include "bridge/skills/skill_groups.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace strawberry::bridge {

void append_lower(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out.resize(start + text.size());
  std::transform(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(start),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
}

std::size_t SkillGroups::Hash::operator()(const Path& path) const noexcept {
  const std::hash<std::string_view> hash;
  return hash(path.class_name) * 0x9E3779B97F4A7C15U ^ hash(path.function_name);
}

std::vector<SkillGroups::Slot> SkillGroups::all() const {
  std::vector<Slot> slots;
  for (Slot slot = 0; slot < groups_.size(); ++slot) {
    if (!groups_[slot].devices.empty()) slots.push_back(slot);
  }
  return slots;
}

std::vector<SkillGroups::Slot> SkillGroups::of_path(std::string_view class_name, std::string_view function_name) const {
  const auto [first, last] = by_path_.equal_range(Path{class_name, function_name});
  std::vector<Slot> slots(first, last);
  std::sort(slots.begin(), slots.end(), [this](Slot a, Slot b) {
    const SkillText& x = groups_[a].text;
    const SkillText& y = groups_[b].text;
    return std::pair(x.signature(), x.input_schema()) < std::pair(y.signature(), y.input_schema());
  });
  return slots;
}

std::vector<SkillGroups::Slot> SkillGroups::candidates(const std::vector<std::string>& words, bool all_words) const {
  if (!has_filter() || words.empty()) return all();
  TextFilter::Numbers numbers = filter_.candidates(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto more = filter_.candidates(words[i]);
    for (std::size_t n = 0; n < numbers.size(); ++n) all_words ? numbers[n] &= more[n] : numbers[n] |= more[n];
  }
  std::vector<Slot> slots;
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    for (std::uint64_t rest = numbers[n]; rest != 0; rest &= rest - 1) {
      slots.push_back(static_cast<Slot>(n * 64 + static_cast<std::size_t>(__builtin_ctzll(rest))));
    }
  }
  return slots;
}

SkillGroups::Slot SkillGroups::slot_of(const SkillText& text) const {
  const auto [first, last] = by_path_.equal_range(Path{text.class_name(), text.function_name()});
  return *std::find_if(first, last, [&](Slot slot) { return groups_[slot].text.takes_the_same(text); });
}

void SkillGroups::filter(Slot group) {
  std::string text;
  append_lower(text, groups_[group].text.searched());
  filter_.add(group, text);
}

SkillGroups::Slot SkillGroups::put(const SkillText& text) {
  const auto [first, last] = by_path_.equal_range(Path{text.class_name(), text.function_name()});
  const auto known = std::find_if(first, last, [&](Slot slot) { return groups_[slot].text.takes_the_same(text); });
  if (known != last) {
    Group& group = groups_[*known];
    if (group.text == text) return *known;
    const bool says_the_same = group.text.searched() == text.searched();
    group.text = text;
    if (has_filter() && !says_the_same) {
      filter_.remove(*known);
      filter(*known);
    }
    return *known;
  }
  Slot slot = 0;
  if (free_.empty()) {
    slot = static_cast<Slot>(groups_.size());
    groups_.push_back({text, {}});
    if (groups_.size() == filter_from_) {
      for (Slot each = 0; each < slot; ++each) {
        if (groups_[each].text != SkillText()) filter(each);
      }
    }
  } else {
    slot = free_.back();
    free_.pop_back();
    groups_[slot].text = text;
  }
  by_path_.insert(slot);
  if (has_filter()) filter(slot);
  return slot;
}

void SkillGroups::remove_device(Slot slot, Slot device) {
  Group& group = groups_[slot];
  const auto place = std::find(group.devices.begin(), group.devices.end(), device);
  if (place == group.devices.end()) return;
  *place = group.devices.back();
  group.devices.pop_back();
  if (!group.devices.empty()) return;
  const auto [first, last] = by_path_.equal_range(path(slot));
  by_path_.erase(std::find(first, last, slot));
  if (has_filter()) filter_.remove(slot);
  group = {};
  free_.push_back(slot);
}

}  // namespace strawberry::bridge
