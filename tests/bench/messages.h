/// Measures how many messages a broker delivers a second: many publishers to one subscriber, one publisher to many
/// subscribers, at QoS 0 and 1, with the plugin and bare, in alternating rounds.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a request is refused or a message is lost.
void measure_messages();

}  // namespace strawberry::bench
