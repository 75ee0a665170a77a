/// Precompiled for strawberryctl: bridge/core/precompiled.h and CLI11. No file includes it.
#pragma once

#include <CLI/App.hpp>

#include "bridge/core/precompiled.h"
