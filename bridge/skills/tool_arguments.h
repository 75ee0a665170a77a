/// Turns the arguments that a model gives a tool (tool_view.h) into a skill call: device and arguments. They are
/// untrusted: every required parameter must be there, no unknown one, each of the type in the signature
/// (common/contract/argument_check.h), and all of them valid for the schema beside it.
///
/// Pure. Errors: `not_found` for an unknown device, `bad_request` for arguments, with details.path where one is wrong.
/// Bounds: the caller limits the size of the arguments.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bridge/skills/offered_skill.h"
#include "common/contract/error.h"
#include "common/contract/signature.h"

namespace strawberry::bridge {

/// A skill as it was shown to a model. Refers to its owner's data.
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
  std::string device;        // the target's normalised name; empty when that is
  nlohmann::json arguments;  // as the model wrote them, without the device
  nlohmann::json args;       // those that can only be given by position
  nlohmann::json kwargs;
  bool needs_confirm = false;  // the user must allow it first
};

/// `arguments` must be an object.
Reply<ToolCallPlan> plan_tool_call(const ShownTool& tool, nlohmann::json arguments);

}  // namespace strawberry::bridge
