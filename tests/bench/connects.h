/// Measures how many devices a broker accepts in a second: CONNECT, CONNACK, DISCONNECT, repeatedly, several at a time
/// so that the broker is busy. Bare, with Mosquitto's password file, and with the plugin, in alternating rounds.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a broker answers unexpectedly.
void measure_connects();

}  // namespace strawberry::bench
