/// What a call to a Spoke of the C++ SDK, and to one of the Python SDK, costs next to one to the bare client that
/// answers without reading JSON.
///
/// The same caller's messages through the same hub; rounds of all alternate. Without a Python that has paho-mqtt the
/// rows of Python are left out, and that is printed; the variable STRAWBERRY_BENCH_PYTHON names another one.
/// Errors: throws.
#pragma once

#include "tests/bench/side_by_side.h"

namespace strawberry::bench {

/// Prints a table. `ways.through_hub` has registered its skill.
void measure_sdk_calls(SideBySide& ways);

}  // namespace strawberry::bench
