/// What a search among 200 000 skills costs the bridge itself, without MQTT and JSON: its registry, in this process.
#pragma once

namespace strawberry::bench {

/// Prints a table.
void measure_search();

}  // namespace strawberry::bench
