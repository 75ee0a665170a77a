/// From a model's tool call to a skill call: which device, which arguments. Nothing a model writes is believed: the
/// tool must exist, the arguments must be an object with every required parameter, no unknown one, and each of the type
/// that the signature says (argument_check.h), and all of them valid for the schema beside it, where there is one.
///
/// Pure. Errors: `not_found` for an unknown tool or device, `bad_request` for arguments, with details.path where one is
/// wrong; all go back to the model, and nothing is sent.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bridge/chat/tool_catalog.h"
#include "bridge/llm/provider.h"
#include "common/contract/error.h"

namespace strawberry {

inline constexpr std::size_t arguments_bytes_max = 64 * 1024;
inline constexpr std::size_t arguments_depth_max = 32;

struct PlannedCall {
  std::string id;            // the tool call's
  std::string skill_path;    // Class.function
  std::string target;        // device id, or a name that the hub looks up; empty: the hub chooses
  std::string device;        // the target's normalised name; empty with it
  nlohmann::json arguments;  // as the model wrote them, without the device
  nlohmann::json args;       // what can only be given by position
  nlohmann::json kwargs;
  bool needs_confirm = false;  // somebody must allow it first
};

Reply<PlannedCall> plan_call(const ToolCatalog& catalog, const ToolCall& call);

}  // namespace strawberry
