/// What a skill says about itself, kept once however many devices say the same.
///
/// Devices of one kind register the same texts, and a group of skills shares them with its devices: SkillTexts gives
/// each text one place, and SkillText is a share in it.
///
/// Threading: loop only (the counts are plain numbers).   Lifetime: SkillTexts outlives its shares.
/// Bounds: as many texts as there are shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "bridge/ports/skill_store.h"

namespace strawberry::bridge {

class SkillTexts;

/// A share in one text. Compares by identity, which is equality of everything it says.
class SkillText {
 public:
  SkillText() = default;
  SkillText(const SkillText& other) noexcept;
  SkillText(SkillText&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  SkillText& operator=(SkillText other) noexcept;
  ~SkillText();

  std::string_view class_name() const;
  std::string_view function_name() const;
  std::string_view signature() const;
  std::string_view docstring() const;
  bool device_agnostic() const;
  bool confirm() const;
  /// JSON text; empty when the signature says it all.
  std::string_view input_schema() const;
  /// Whether the arguments of a call are the same: signature and schema.
  bool takes_the_same(const SkillText& other) const;
  /// Class, function and docstring, with a line break between them: what a search looks at.
  std::string_view searched() const;
  /// Of the texts but the schema.
  std::size_t bytes() const;
  SkillRow row() const;

  bool operator==(const SkillText& other) const = default;

 private:
  friend class SkillTexts;
  struct Entry;
  explicit SkillText(Entry* entry) noexcept;
  Entry* entry_ = nullptr;
};

class SkillTexts {
 public:
  SkillTexts() = default;
  ~SkillTexts();
  SkillTexts(const SkillTexts&) = delete;
  SkillTexts& operator=(const SkillTexts&) = delete;

  SkillText share(const SkillRow& skill);
  std::size_t size() const { return entries_.size(); }

 private:
  friend class SkillText;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const SkillText::Entry* entry) const noexcept;
    std::size_t operator()(const SkillRow& row) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const SkillText::Entry* a, const SkillText::Entry* b) const noexcept { return a == b; }
    bool operator()(const SkillRow& row, const SkillText::Entry* entry) const noexcept;
    bool operator()(const SkillText::Entry* entry, const SkillRow& row) const noexcept { return (*this)(row, entry); }
  };

  std::unordered_set<SkillText::Entry*, Hash, Equal> entries_;
};

}  // namespace strawberry::bridge
