/// One user's skills, each once for all the devices that offer it, with the index that searches use.
///
/// Threading: loop only.   Bounds: the owner's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "bridge/skills/skill_text.h"
#include "bridge/skills/text_filter.h"

namespace strawberry::bridge {

class SkillGroups {
 public:
  using Slot = std::uint32_t;
  struct Group {
    SkillText text;                // of who registered last: docstrings may differ; none when the slot is free
    std::vector<Slot> devices;     // in no order
    std::uint32_t confirming = 0;  // how many of them marked it `confirm`
  };

  /// From `filter_from` groups on there is a text filter.
  explicit SkillGroups(std::size_t filter_from) : filter_from_(filter_from) {}
  SkillGroups(const SkillGroups&) = delete;
  SkillGroups& operator=(const SkillGroups&) = delete;

  bool empty() const { return by_path_.empty(); }
  std::size_t size() const { return by_path_.size(); }
  const Group& at(Slot group) const { return groups_[group]; }
  /// All slots are below; some are free.
  Slot slots_end() const { return static_cast<Slot>(groups_.size()); }
  std::vector<Slot> all() const;
  /// By signature.
  std::vector<Slot> of_path(std::string_view class_name, std::string_view function_name) const;
  /// Those that contain all the words, or any of them; words are in lower case.
  std::vector<Slot> candidates(const std::vector<std::string>& words, bool all_words) const;

  /// The group of that class, function, signature and schema, made when there is none; takes the text over.
  Slot put(const SkillText& text);
  /// One device more, or one less, wants to be asked before this is called. The group is there.
  void add_confirming(const SkillText& text) { ++groups_[slot_of(text)].confirming; }
  void remove_confirming(const SkillText& text) { --groups_[slot_of(text)].confirming; }
  void add_device(Slot group, Slot device) { groups_[group].devices.push_back(device); }
  /// A group that nobody offers any more is gone.
  void remove_device(Slot group, Slot device);

 private:
  struct Path {
    std::string_view class_name;
    std::string_view function_name;
  };
  Path path(Slot group) const { return {groups_[group].text.class_name(), groups_[group].text.function_name()}; }
  struct Hash {
    using is_transparent = void;
    const SkillGroups* groups;
    std::size_t operator()(const Path& path) const noexcept;
    std::size_t operator()(Slot group) const noexcept { return (*this)(groups->path(group)); }
  };
  struct Equal {
    using is_transparent = void;
    const SkillGroups* groups;
    bool operator()(const Path& a, const Path& b) const noexcept {
      return a.function_name == b.function_name && a.class_name == b.class_name;
    }
    bool operator()(Slot a, Slot b) const noexcept { return (*this)(groups->path(a), groups->path(b)); }
    bool operator()(const Path& a, Slot b) const noexcept { return (*this)(a, groups->path(b)); }
    bool operator()(Slot a, const Path& b) const noexcept { return (*this)(groups->path(a), b); }
  };

  Slot slot_of(const SkillText& text) const;
  bool has_filter() const { return groups_.size() >= filter_from_; }
  void filter(Slot group);

  std::size_t filter_from_;
  std::vector<Group> groups_;
  std::vector<Slot> free_;
  std::unordered_multiset<Slot, Hash, Equal> by_path_{0, Hash{this}, Equal{this}};
  TextFilter filter_;
};

/// ASCII only: bytes of other characters stay as they are and match themselves.
void append_lower(std::string& out, std::string_view text);

}  // namespace strawberry::bridge
