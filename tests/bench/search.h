/// Measures a search among 200 000 skills in the bridge's registry, in this process, without MQTT and JSON.
#pragma once

namespace strawberry::bench {

/// Prints a table.
void measure_search();

}  // namespace strawberry::bench
