/// Measures a hub with 10 000 connected devices of 20 skills each: registering all at once, starting with such a
/// database, memory, search, list and calls in that state.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when something is refused or not answered.
void measure_scale();

}  // namespace strawberry::bench
