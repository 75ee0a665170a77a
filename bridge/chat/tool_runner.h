/// Runs one step's calls on the devices: calls on different devices at the same time, calls on one device in their
/// order, and all in order when the hub has yet to choose a device.
///
/// Threading: loop only.   Lifetime: `source` outlives every call. When the waiting coroutine is cancelled, so are the
/// calls. Errors: each call's own, in its place.   Bounds: the caller's number of calls; each ends at the deadline.
#pragma once

#include <functional>
#include <vector>

#include "bridge/chat/planned_call.h"
#include "bridge/core/task.h"
#include "bridge/skills/tool_source.h"

namespace strawberry {

struct ToolRun {
  Principal caller;
  SteadyTime deadline;
  std::string correlation_id;
  std::string identity;  // see Request::identity
  std::size_t step = 0;  // which of the chat's this is
  /// Told before and after each call; may be empty.
  std::function<void(const PlannedCall&)> on_call;
  std::function<void(const PlannedCall&, const Reply<nlohmann::json>&)> on_result;
};

/// Outcomes in the order of `calls`.
Task<std::vector<Reply<nlohmann::json>>> run_tools(ToolSource& source, std::vector<PlannedCall> calls, ToolRun run);

}  // namespace strawberry
