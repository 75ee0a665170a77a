/// Precompiled for tests of libraries without an event loop. No file includes it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/precompiled.h"
