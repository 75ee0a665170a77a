/// Measures what the web door and the hub add to a chat over HTTP, beside nginx and LiteLLM's proxy if installed; how
/// many small requests they take a second, a thousand streams, five thousand idle Spokes.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws on a failure.
void measure_http();
/// Runs only its first part: chats and small requests.
void measure_http_chats();

}  // namespace strawberry::bench
