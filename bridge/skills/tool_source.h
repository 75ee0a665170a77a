/// The chat's access to skills: find what a user's devices offer, and call it. A narrow interface, so that a chat can
/// be tested without devices; skills/skill_service.h implements it.
///
/// Threading: loop only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

struct SkillCall {
  Principal caller;
  std::string acting_user;  // the user whose devices are called (Request::house)
  std::string skill_path;   // Class.function, or device.Class.function
  std::string target;       // device id, normalised name, `hub`, or empty: chosen as in section 4 of the contract
  nlohmann::json args = nlohmann::json::array();
  nlohmann::json kwargs = nlohmann::json::object();
  SteadyTime deadline;
  std::string log_id;  // of the request it is part of (Request::log_id)
  /// The same for the same call of the same request, also after a crash (see Request::identity); empty: unique.
  std::string identity;
  /// For a call made by a chat: the id derived from the chat's own identity, for observers.
  std::string request_id;
  /// True when a person requested this very call. False when a model made it, or a device that must not call by itself;
  /// then a skill marked `confirm` is `forbidden`.
  bool is_consented = true;
  Rights rights = {};  // a skill beyond them counts as not offered
};

class ToolSource {
 public:
  virtual ~ToolSource() = default;
  /// Returns, among the live (not expired) skills of the user's active devices, connected or not, those that contain
  /// the most of the query's words in class, function or docstring; the requesting device's own first among equals,
  /// then by class, function and signature. Fast, however many skills the user has.
  virtual SkillsFound find(const SkillQuery& query) const = 0;
  /// Returns the skills called `Class.function`, one entry per signature; ignores the query's words.
  virtual SkillsFound named(const SkillQuery& query, const std::string& class_name,
                            const std::string& function_name) const = 0;
  /// Runs the call on the device and returns its `result`, or the contract's error.
  virtual Task<Reply<nlohmann::json>> call(SkillCall call) = 0;
};

}  // namespace strawberry::bridge
