/// What MCP at the web door adds to a routed call, what a list of 500 skills takes, and the memory of a thousand
/// clients that wait for changes.
#pragma once

namespace strawberry::bench {

/// Prints its table; throws when something does not work.
void measure_mcp();

}  // namespace strawberry::bench
