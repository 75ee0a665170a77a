/// Precompiled for tests of code that runs on the event loop. No file includes it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/precompiled.h"
