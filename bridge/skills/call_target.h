/// Selects the device of a call (docs/contract.md, section 4). Pure: takes candidates, returns one device or the
/// contract's error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/contract/error.h"

namespace strawberry::bridge {

/// `[device.]Class.function`, split.
struct SkillPath {
  std::string device;  // empty: the path names none
  std::string class_name;
  std::string function_name;
};
Reply<SkillPath> parse_skill_path(std::string_view path);

struct CallCandidate {
  std::string device_id;
  std::string normalized_name;
  bool connected = false;
  bool device_agnostic = false;
  std::int64_t heard_of_ms = 0;  // last registration or heartbeat
  bool confirm = false;          // the user is asked before a model's call
  std::string room = {};         // as its owner wrote it
  std::string normalized_room = {};
  std::vector<std::string> aliases = {};  // normalised
};

/// For a call that names no device. Returns the calling device if it offers the skill, else the only connected one,
/// else, if all connected ones offer it as device-agnostic, the one most recently heard of, else `ambiguous` with
/// details.candidates, and details.rooms with the rooms of those that have one.
Reply<std::string> choose_device(const std::vector<CallCandidate>& candidates, const std::string& caller_id,
                                 const std::string& skill_path);

/// For the target `hub`: returns any connected device that offers the skill as device-agnostic. The same call goes to
/// the same device while that one is connected, also after a restart, since only `call_id` decides (rendezvous hashing:
/// Thaler and Ravishankar, 1998).
Reply<std::string> choose_any_device(const std::vector<CallCandidate>& candidates, const std::string& call_id,
                                     const std::string& skill_path);

}  // namespace strawberry::bridge
