/// What 10 000 connected devices cost the broker in memory, bare and with the plugin.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a device is refused.
void measure_memory();

}  // namespace strawberry::bench
