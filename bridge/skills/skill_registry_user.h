/// Inside of the registry: one user's skills. For skill_registry.cpp, which changes them, and skill_search.cpp, which
/// looks through them.
///
/// Threading: loop only.   Bounds: the registry's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bridge/skills/skill_groups.h"
#include "bridge/skills/skill_registry.h"

namespace strawberry::bridge {

/// What an entry takes in an answer besides its texts: the members' names alone are longer.
inline constexpr std::size_t skill_entry_bytes_min = 140;

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

}  // namespace strawberry::bridge
