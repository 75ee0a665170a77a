/// Measures what the hub adds to a chat: a chat request over MQTT with a model that answers at once, against the same
/// HTTP call made directly and one MQTT round trip.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a chat fails.
void measure_chat();

}  // namespace strawberry::bench
