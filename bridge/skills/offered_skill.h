/// A skill as somebody can call it now: what it is and which devices of the user offer it.
#pragma once

#include <string>
#include <vector>

#include "bridge/ports/store.h"

namespace strawberry {

struct OfferingDevice {
  std::string device_id;
  std::string name;             // as its owner wrote it
  std::string normalized_name;  // as calls name it
  bool connected = false;
};

/// Grouped by class, function and signature, so a hundred devices with one skill are one entry.
struct OfferedSkill {
  SkillRow skill;
  std::vector<OfferingDevice> devices;  // connected ones first, then by name; never empty
  std::string path() const { return skill.class_name + "." + skill.function_name; }
};

}  // namespace strawberry
