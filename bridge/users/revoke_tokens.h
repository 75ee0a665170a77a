/// Revokes tokens and tells everybody who has to know. Part of the `users` service.
///
/// Threading: loop only.   Lifetime: what it is given outlives the task.   Errors: the store's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bridge/ports/user_store.h"
#include "common/runtime/events.h"

namespace strawberry::bridge {

/// Revokes the tokens, waits until the broker's plugin knows of it, and publishes UserChanged for each; `actor` is the
/// principal that asks. Returns the jtis with which the lines begin. The plugin is sent at most control_ids_max of
/// them, valid ids alone, and finds the others by itself within a second.
Task<Reply<std::vector<std::string>>> revoke_tokens(
    UserStore& store, Events& events, const std::function<Task<void>(std::vector<std::string> ids)>& tell_plugin,
    TokenChoice which, std::string actor, std::int64_t now_ms);

}  // namespace strawberry::bridge
