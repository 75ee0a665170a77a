/// Measures the broker's memory for 10 000 connected devices, bare and with the plugin.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a device is refused.
void measure_memory();

}  // namespace strawberry::bench
