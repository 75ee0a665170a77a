/// Which device a target means that is no device's id, name or alias: `kitchen`, `in the kitchen`, `kitchen light`,
/// `light in the kitchen`, in English and German.
///
/// The words of a room of the user's must be there; each other word must be of the name or an alias of a device in that
/// room, or of the skill's class (`LightSkill`), articles and prepositions aside. Of the devices that are left one is
/// chosen as a call without a target would choose among them.
///
/// Pure.   Errors: `not_found`, `ambiguous` (details.candidates and rooms), `device_offline`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bridge/skills/call_target.h"
#include "bridge/skills/offered_skill.h"

namespace strawberry::bridge {

struct PlaceQuestion {
  std::string target;              // as the caller wrote it
  std::vector<std::string> rooms;  // of the user's devices, normalised
  std::string class_name;
  std::string skill_path;
};

/// Nothing when the target names no room.
std::optional<Reply<std::string>> choose_in_place(const PlaceQuestion& question,
                                                  const std::vector<CallCandidate>& candidates);

/// The same among the devices that offer a tool: those that `words` may mean, by name, alias or room.
std::vector<const OfferingDevice*> devices_in_place(const std::string& words, const std::string& class_name,
                                                    const std::vector<OfferingDevice>& devices);

}  // namespace strawberry::bridge
