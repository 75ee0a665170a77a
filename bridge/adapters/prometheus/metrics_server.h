/// Answers GET /metrics over HTTP/1.1, one request a connection, on the event loop: no threads, and the numbers are
/// read where they are counted.
///
/// Threading: loop only (asserted).   Lifetime: destroying it closes all; what is under way touches it no more.
/// Errors: listen() says why it cannot. Whoever speaks badly gets 400, 404, 405 or 431, and whoever is slow gets
/// nothing. Bounds: Options; a connection beyond connections_max is closed at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/runtime/asio.h"
#include "common/runtime/loop_affinity.h"
#include "common/runtime/task.h"
#include "common/text/result.h"

namespace strawberry::bridge {

class MetricsServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";  // an IP address
    std::uint16_t port = 0;             // 0: a free one
    std::size_t connections_max = 16;
    std::size_t request_bytes_max = 8 * 1024;
    std::chrono::milliseconds connection_timeout{5'000};  // from its first byte to our last
  };
  using Page = std::function<std::string()>;

  /// `page` is asked at each scrape, as long as this lives.
  MetricsServer(asio::io_context& loop, Page page, Options options);
  ~MetricsServer();

  /// At most once successfully.
  Result<void> listen();
  /// 0 while it does not listen.
  std::uint16_t port() const;

 private:
  struct State;
  struct Connection;
  static Task<void> accept(std::shared_ptr<State> state);
  static Task<void> serve(std::shared_ptr<State> state, std::shared_ptr<Connection> connection);

  LoopAffinity loop_;
  std::shared_ptr<State> state_;
};

/// The whole response to a request's head. Pure but for the page, which is made when it is asked for.
std::string answer_scrape(std::string_view request, const MetricsServer::Page& page);

}  // namespace strawberry::bridge
