/// From the arguments that a model gives a tool (tool_view.h) to a skill call: which device, which arguments. Nothing a
/// model writes is believed: every required parameter must be there, no unknown one, and each of the type that the
/// signature says (common/contract/argument_check.h), and all of them valid for the schema beside it.
///
/// Pure. Errors: `not_found` for an unknown device, `bad_request` for arguments, with details.path where one is wrong.
/// Bounds: the caller's for the size of the arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/contract/error.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

/// A skill as a model was shown it. Refers to what its owner keeps.
struct ShownTool {
  const OfferedSkill& skill;
  const Signature& signature;
  const std::string& device_parameter;
  const std::string& default_device;
  const std::vector<std::pair<std::string, std::string>>& renamed;
};

struct ToolCallPlan {
  std::string skill_path;    // Class.function
  std::string target;        // device id, or a name that the hub looks up; empty: the hub chooses
  std::string device;        // the target's normalised name; empty with it
  nlohmann::json arguments;  // as the model wrote them, without the device
  nlohmann::json args;       // what can only be given by position
  nlohmann::json kwargs;
  bool needs_confirm = false;  // somebody must allow it first
};

/// `arguments`: an object.
Reply<ToolCallPlan> plan_tool_call(const ShownTool& tool, nlohmann::json arguments);

}  // namespace strawberry::bridge
