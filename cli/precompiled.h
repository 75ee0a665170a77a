/// Precompiled for strawberryctl: common/runtime/precompiled.h and CLI11. No file includes it.
#pragma once

#include <CLI/App.hpp>

#include "common/runtime/precompiled.h"
