/// Measures what MCP at the web door adds to a routed call, a list of 500 skills, and the memory of a thousand clients
/// that wait for changes.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws on a failure.
void measure_mcp();

}  // namespace strawberry::bench
