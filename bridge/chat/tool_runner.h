/// Runs one step's calls on the devices: calls on different devices at the same time, calls on one device in their
/// order, and all in order when the hub has yet to choose a device.
///
/// A call that needs_confirm is made only when ToolRun::confirm returns true; else it is `forbidden`, and not sent.
///
/// Threading: loop only.   Lifetime: `source` outlives every call. Cancelling the waiting coroutine cancels its calls
/// and questions. Errors: each call's own, in its place.   Bounds: the caller limits the number of calls; each ends at
/// the deadline, each question when `confirm` does.
#pragma once

#include <functional>
#include <vector>

#include "bridge/chat/planned_call.h"
#include "bridge/skills/tool_source.h"
#include "common/runtime/task.h"

namespace strawberry::bridge {

struct ToolRun {
  Principal caller;
  std::string acting_user;  // the user whose devices are called
  Rights rights = {};
  /// Returns the deadline of a call; called before each one, since a question may delay it.
  std::function<SteadyTime()> deadline;
  std::string log_id;    // see Request
  std::string identity;  // see Request::identity
  std::size_t step = 0;  // number of the step in the chat
  /// Asks the user whether this call may be made; must return in time by itself. Empty: the user cannot be asked, and
  /// the call is refused.
  std::function<Task<bool>(PlannedCall)> confirm;
  /// Called before each call that is made, and with the outcome of each call, made or not; not after a cancellation.
  /// May be empty.
  std::function<void(const PlannedCall&)> on_call;
  std::function<void(const PlannedCall&, const Reply<nlohmann::json>&)> on_result;
};

/// Returns outcomes in the order of `calls`.
Task<std::vector<Reply<nlohmann::json>>> run_tools(ToolSource& source, std::vector<PlannedCall> calls, ToolRun run);

}  // namespace strawberry::bridge
