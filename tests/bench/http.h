/// What the web door and the hub add to a chat over HTTP, and how many small requests they take a second.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws when something does not work.
void measure_http();

}  // namespace strawberry::bench
