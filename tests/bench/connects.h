/// How many devices a broker lets in a second: CONNECT, CONNACK, DISCONNECT, over and over, several at a time so that
/// it is the broker that is busy. Bare, with Mosquitto's password file, and with the plugin, in alternating rounds.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a broker answers otherwise than it should.
void measure_connects();

}  // namespace strawberry::bench
