/// What the HTTP server has done so far, for pages that show it and do not know the server.
///
/// Threading: loop only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace strawberry::gateway {

struct Traffic {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused_connections = 0;  // beyond connections_max
  std::size_t open = 0;
  std::size_t answering = 0;  // requests under way, without WebSockets
};

class TrafficCounter {
 public:
  virtual Traffic counters() const = 0;

 protected:
  ~TrafficCounter() = default;
};

}  // namespace strawberry::gateway
