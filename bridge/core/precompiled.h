/// Precompiled for everything that runs on the event loop: common/precompiled.h and Boost.Asio. No file includes it.
#pragma once

#include "bridge/core/asio.h"
#include "common/precompiled.h"
