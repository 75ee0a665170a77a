/// Work of several steps on the bridge's one event loop, written top to bottom as a coroutine.
/// Threading: every Task runs on the loop's thread. Lifetime: whoever spawns a Task keeps what it refers to alive;
/// parameters are taken by value for that reason.
#pragma once

#include "common/runtime/asio.h"

namespace strawberry {

template <class T>
using Task = asio::awaitable<T>;

}  // namespace strawberry
