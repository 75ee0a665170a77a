/// The HTTP/1.1 server: accepts connections, reads requests within limits, finds their route, writes answers. On
/// Boost.Beast, which parses.
///
/// Threading: loop only.   Lifetime: stop() and then run the loop until it is idle, before destruction.
/// Errors: what a client does wrong is answered (400, 404, 405, 408, 413, 431) where that can be, and its connection
/// closed where nothing more can be understood.
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
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte, or from the connection
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};   // between requests
  std::chrono::milliseconds write_timeout{30'000};  // a client that does not read is given up
};

class Server final : public TrafficCounter {
 public:
  /// What is logged of a request once it is answered: never with its query, body or headers.
  using Log = std::function<void(const Request&, unsigned status, std::chrono::microseconds took)>;
  struct Options {
    Limits limits;
    Origins origins;
    Log log;
    /// Of the next connection; empty: no TLS.
    std::function<std::shared_ptr<asio::ssl::context>()> tls_context;
  };

  Server(asio::io_context& loop, const Router& router, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens. Port 0 means any free one. Fails with a system error for people.
  std::string listen(const std::string& address, std::uint16_t port);
  std::uint16_t port() const;
  /// Accepts nothing more; connections end after the request under way.
  void stop();
  Traffic counters() const override;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace strawberry::gateway
