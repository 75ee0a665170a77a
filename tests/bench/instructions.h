/// What the hub costs in instructions of its programs: figures that do not depend on what else the machine does.
#pragma once

namespace strawberry::bench {

/// Prints tables. Needs valgrind; throws without it.
void measure_instructions();

}  // namespace strawberry::bench
