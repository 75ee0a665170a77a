/// Spokes that are connected to the web door's `/ws/device` and do nothing.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws when one is refused, or is disconnected.
void measure_http_spokes();

}  // namespace strawberry::bench
