/// A skill as somebody can call it now: what it is and which devices of the user offer it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "bridge/ports/skill_store.h"
#include "common/contract/rights.h"

namespace strawberry::bridge {

struct OfferingDevice {
  std::string device_id;
  std::string name;             // as its owner wrote it
  std::string normalized_name;  // as calls name it
  bool connected = false;
  std::string room = {};                  // as its owner wrote it; empty: none
  std::string normalized_room = {};       // as normalize_device_name()
  std::vector<std::string> aliases = {};  // normalised

  /// The name, with the room behind it when it has one that is not in the name: `Ceiling Lamp (Kitchen)`.
  std::string name_with_room() const {
    const bool says_room = room.empty() || normalized_name.find(normalized_room) != std::string::npos;
    return says_room ? name : name + " (" + room + ")";
  }
};

/// Grouped by class, function, signature and schema, so a hundred devices with one skill are one entry.
struct OfferedSkill {
  SkillRow skill;                       // `confirm` when any of its devices wants to be asked about
  std::vector<OfferingDevice> devices;  // connected ones first, then by name; never empty
  std::size_t more_devices = 0;         // that were left out of `devices`

  std::string path() const { return skill.class_name + "." + skill.function_name; }
  bool is_on(const std::string& device_id) const {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const auto& device) { return device.device_id == device_id; });
  }
};

/// Some of a user's skills: those that the words fit best.
struct SkillQuery {
  std::string user_id;
  std::string words;      // empty: all skills
  std::string sender_id;  // a device that is not left out of `devices` when it offers the skill; may be nobody's
  std::size_t skills_max;
  std::size_t devices_max;   // of one skill
  bool all_or_none = false;  // nothing but has_more when more than skills_max fit
  Rights rights = {};        // what may not be called is not found
};
struct SkillsFound {
  std::vector<OfferedSkill> skills;
  bool has_more = false;  // more fit, or may fit
};

}  // namespace strawberry::bridge
