/// Runs one step's calls on the devices: calls on different devices at the same time, calls on one device in their
/// order, and all in order when the hub has yet to choose a device.
///
/// A call that needs_confirm is made only when ToolRun::confirm says so; else it is `forbidden`, and not sent.
///
/// Threading: loop only.   Lifetime: `source` outlives every call. When the waiting coroutine is cancelled, so are the
/// calls and questions. Errors: each call's own, in its place.   Bounds: the caller's number of calls; each ends at the
/// deadline, each question when `confirm` does.
#pragma once

#include <functional>
#include <vector>

#include "bridge/chat/planned_call.h"
#include "bridge/skills/tool_source.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct ToolRun {
  Principal caller;
  std::string acting_user;  // whose devices
  Rights rights = {};
  /// Of a call that is made now: asked for each, since a question may come first.
  std::function<SteadyTime()> deadline;
  std::string log_id;    // see Request
  std::string identity;  // see Request::identity
  std::size_t step = 0;  // which of the chat's this is
  /// Asks somebody whether this call may be made; ends by itself in time. Empty: nobody can be asked, and it may not.
  std::function<Task<bool>(PlannedCall)> confirm;
  /// Told before each call that is made, and what each came to, made or not; nothing after a cancellation. May be
  /// empty.
  std::function<void(const PlannedCall&)> on_call;
  std::function<void(const PlannedCall&, const Reply<nlohmann::json>&)> on_result;
};

/// Outcomes in the order of `calls`.
Task<std::vector<Reply<nlohmann::json>>> run_tools(ToolSource& source, std::vector<PlannedCall> calls, ToolRun run);

}  // namespace strawberry::bridge
