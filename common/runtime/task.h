/// A coroutine on the bridge's one event loop, for work of several steps.
/// Threading: every Task runs on the loop's thread. Lifetime: the code that spawns a Task keeps alive what it refers
/// to; parameters are taken by value for that reason.
#pragma once

#include "common/runtime/asio.h"

namespace strawberry {

template <class T>
using Task = asio::awaitable<T>;

}  // namespace strawberry
