/// Measures a routed call against a direct one.
///
/// Direct: a caller publishes to a device and the device back, over a bare broker. Routed: the same two clients, the
/// same messages, through the hub: broker with plugin, bridge, skill call. Rounds of both alternate, so that other load
/// on the machine affects both.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a call fails.
void measure_calls();

}  // namespace strawberry::bench
