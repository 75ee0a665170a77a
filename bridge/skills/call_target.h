/// Which device a call goes to (docs/contract.md, section 4). Pure: candidates in, one device or the contract's error
/// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/contract/error.h"

namespace strawberry::bridge {

/// `[device.]Class.function`, split.
struct SkillPath {
  std::string device;  // empty when the path names none
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
  bool confirm = false;          // somebody is asked before it is called for a model
  std::string room = {};         // as its owner wrote it
  std::string normalized_room = {};
  std::vector<std::string> aliases = {};  // normalised
};

/// For a call that names no device: the caller's own if it offers the skill, else the only connected one, else, if all
/// connected ones offer it as device-agnostic, the one most recently heard of, else `ambiguous` with
/// details.candidates, and details.rooms: where those are that have a room.
Reply<std::string> choose_device(const std::vector<CallCandidate>& candidates, const std::string& caller_id,
                                 const std::string& skill_path);

/// For the target `hub`: any connected device that offers the skill as device-agnostic. The same call goes to the same
/// device as long as that one is there, also after a restart, since only `call_id` decides (rendezvous hashing: Thaler
/// and Ravishankar, 1998).
Reply<std::string> choose_any_device(const std::vector<CallCandidate>& candidates, const std::string& call_id,
                                     const std::string& skill_path);

}  // namespace strawberry::bridge
