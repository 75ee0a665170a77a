/// A skill that can be called now, with the devices of the user that offer it.
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

  /// Returns the name, followed by the room when the name does not contain it: `Ceiling Lamp (Kitchen)`.
  std::string name_with_room() const {
    const bool says_room = room.empty() || normalized_name.find(normalized_room) != std::string::npos;
    return says_room ? name : name + " (" + room + ")";
  }
};

/// Grouped by class, function, signature and schema, so a hundred devices with one skill are one entry.
struct OfferedSkill {
  SkillRow skill;                       // `confirm` is set when any of its devices requires it
  std::vector<OfferingDevice> devices;  // connected ones first, then by name; never empty
  std::size_t more_devices = 0;         // not in `devices`

  std::string path() const { return skill.class_name + "." + skill.function_name; }
  bool is_on(const std::string& device_id) const {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const auto& device) { return device.device_id == device_id; });
  }
};

/// A search for those of a user's skills that match the words best.
struct SkillQuery {
  std::string user_id;
  std::string words;      // empty: all skills
  std::string sender_id;  // a device that stays in `devices` when it offers the skill; may be no device's id
  std::size_t skills_max;
  std::size_t devices_max;   // of one skill
  bool all_or_none = false;  // only has_more when more than skills_max match
  Rights rights = {};        // skills that may not be called are not found
};
struct SkillsFound {
  std::vector<OfferedSkill> skills;
  bool has_more = false;  // more match, or may match
};

}  // namespace strawberry::bridge
