/// Precompiled for everything that runs on the event loop: common/text/precompiled.h and Boost.Asio. No file includes
/// it.
#pragma once

#include "common/runtime/asio.h"
#include "common/text/precompiled.h"
