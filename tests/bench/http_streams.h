/// A thousand streamed chats at once through the web door.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws when a chat went wrong.
void measure_http_streams();

}  // namespace strawberry::bench
