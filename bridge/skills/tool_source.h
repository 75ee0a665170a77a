/// What the chat may know of and do with skills: find what a user's devices offer, and call it. One narrow seam, so
/// that a chat is tested without devices; skills/skill_service.h is the real one.
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
  std::string acting_user;  // whose devices (Request::house)
  std::string skill_path;   // Class.function, or device.Class.function
  std::string target;       // device id, normalised name, `hub`, or empty: chosen as contract section 4 says
  nlohmann::json args = nlohmann::json::array();
  nlohmann::json kwargs = nlohmann::json::object();
  SteadyTime deadline;
  std::string log_id;  // of the request this belongs to (Request::log_id)
  /// The same for the same call of the same request, also after a crash (see Request::identity); empty: unique.
  std::string identity;
  /// Of a chat that makes this call: the id that follows from the chat's own identity, for whoever watches.
  std::string request_id;
  /// A person asked for this very call. False: a model made it up, or a device calls and must not by itself; then a
  /// skill marked `confirm` is `forbidden`.
  bool is_consented = true;
  Rights rights = {};  // a skill beyond them is as one that nobody offers
};

class ToolSource {
 public:
  virtual ~ToolSource() = default;
  /// Of the live (not expired) skills of the user's active devices, connected or not, those that contain the most of
  /// the query's words in class, function or docstring; the sender's own first among equals, then by class, function
  /// and signature. Quick, however many skills the user has.
  virtual SkillsFound find(const SkillQuery& query) const = 0;
  /// Those called `Class.function`, one entry a signature; the query's words do not count.
  virtual SkillsFound named(const SkillQuery& query, const std::string& class_name,
                            const std::string& function_name) const = 0;
  /// Runs it on the device and gives its `result`, or the contract's error.
  virtual Task<Reply<nlohmann::json>> call(SkillCall call) = 0;
};

}  // namespace strawberry::bridge
