/// Measures a thousand chats that stream at once through one bridge: whether every word arrives, in order, and the
/// cost. The model is a process of its own that sends fifty words a second to each.
#pragma once

namespace strawberry::bench {

/// Prints a table. Throws when a chat lost anything, had it out of order, or was not answered exactly once.
void measure_streams();

}  // namespace strawberry::bench
