/// How many messages a broker passes on a second: many publishers to one subscriber, one publisher to many
/// subscribers, at QoS 0 and 1, with the plugin and bare, in alternating rounds.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when something is refused or a message does not come.
void measure_messages();

}  // namespace strawberry::bench
