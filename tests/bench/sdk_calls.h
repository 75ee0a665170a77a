/// Measures a call to a Spoke of the C++ SDK against one to the bare client that answers without parsing JSON.
///
/// The same caller's messages through the same hub; rounds of both alternate.   Errors: throws.
#pragma once

#include "tests/bench/side_by_side.h"

namespace strawberry::bench {

/// Prints a table. `ways.through_hub` has registered its skill.
void measure_sdk_calls(SideBySide& ways);

}  // namespace strawberry::bench
