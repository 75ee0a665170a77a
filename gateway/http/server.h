/// The HTTP/1.1 server: accepts connections, reads requests within limits, finds their route, writes answers.
/// Boost.Beast does the parsing.
///
/// Threading: loop only.   Lifetime: call stop() and run the loop until it is idle before destruction.
/// Errors: a client's errors are answered (400, 404, 405, 408, 413, 431) where possible, and its connection is closed
/// when nothing more of it can be parsed.
/// Bounds: Limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "common/runtime/asio.h"
#include "gateway/http/origin.h"
#include "gateway/http/router.h"
#include "gateway/http/traffic.h"

namespace strawberry::gateway {

struct Limits {
  std::size_t connections_max = 10'000;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 256 * 1024;
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte, or from the start of the connection
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};   // between requests
  std::chrono::milliseconds write_timeout{30'000};  // then a client that does not read is disconnected
};

class Server final : public TrafficCounter {
 public:
  /// What is logged of a request once it is answered: never with its query, body or headers.
  using Log = std::function<void(const Request&, unsigned status, std::chrono::microseconds took)>;
  struct Options {
    Limits limits;
    Origins origins;
    Log log;
    /// Returns the context for the next connection; empty: no TLS.
    std::function<std::shared_ptr<asio::ssl::context>()> tls_context;
  };

  Server(asio::io_context& loop, const Router& router, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens. Port 0 selects any free one. Returns a system error for people; empty on success.
  std::string listen(const std::string& address, std::uint16_t port);
  std::uint16_t port() const;
  /// Stops accepting; connections end after their current request.
  void stop();
  Traffic counters() const override;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace strawberry::gateway
