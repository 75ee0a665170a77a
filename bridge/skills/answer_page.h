/// A long list in answers of a bounded size: how much fits into one, and `cursor`, which says where the next begins
/// (docs/contract.md, section 4: `list`, `search` and `tools`).
///
/// Pure functions. A cursor holds nothing but names that its reader has seen, so it needs no signature.
/// Bounds: page_entries_max and page_bytes_max of one answer; cursors by the request's schema.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bridge/skills/skill_registry.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

inline constexpr std::size_t page_entries_max = 500;
inline constexpr std::size_t page_bytes_max = 512 * 1024;

/// Entries until they fill an answer; the first always fits.
class PageEntries {
 public:
  /// False, and nothing added, when the entry does not fit.
  bool add(nlohmann::json entry);
  nlohmann::json take() { return std::move(entries_); }

 private:
  nlohmann::json entries_ = nlohmann::json::array();
  std::size_t bytes_ = 0;
};

std::string cursor_of(const SkillRegistry::Place& last);
std::string cursor_of(const SkillRegistry::ListPlace& next);
/// Nothing: no such cursor was ever given out.
std::optional<SkillRegistry::Place> read_place(const std::string& cursor);
std::optional<SkillRegistry::ListPlace> read_list_place(const std::string& cursor);
tl::unexpected<Error> not_a_cursor();

}  // namespace strawberry::bridge
