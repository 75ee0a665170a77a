/// Measures a routed call against a direct one.
///
/// Direct: a caller publishes to a device and the device back, over a bare broker. Routed: the same two clients, the
/// same messages, through the hub: broker with plugin, bridge, skill call. Rounds of both alternate, so that whatever
/// else the machine does hits both. Then, likewise, calls by a token that is limited to scopes beside those by one that
/// is not.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a call fails.
void measure_calls();

}  // namespace strawberry::bench
