/// From a model's tool call to a skill call: the tool must exist, the arguments must be an object, and fit
/// (skills/tool_arguments.h).
///
/// Pure. Errors: `not_found` for an unknown tool or device, `bad_request` for arguments, with details.path where one is
/// wrong; all go back to the model, and nothing is sent.
#pragma once

#include <string>

#include "bridge/chat/tool_catalog.h"
#include "bridge/llm/provider.h"
#include "bridge/skills/tool_arguments.h"
#include "common/contract/error.h"

namespace strawberry::bridge {

inline constexpr std::size_t arguments_bytes_max = 64 * 1024;
inline constexpr std::size_t arguments_depth_max = 32;

struct PlannedCall : ToolCallPlan {
  std::string id;  // the tool call's
};

Reply<PlannedCall> plan_call(const ToolCatalog& catalog, const ToolCall& call);

}  // namespace strawberry::bridge
