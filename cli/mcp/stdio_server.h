/// The web door's MCP endpoint on standard input and output, for desktop assistants that start their servers
/// themselves. It connects to the hub's broker like every command of strawberryctl; no web door is needed.
///
/// Threading: loop only; a LineReader has its thread.   Lifetime: serve() until the input ends.
/// Errors: JSON-RPC's, as lines; serve() fails when the output has been closed.
/// Bounds: requests_max at once, line_bytes_max a line; the endpoint's own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/mcp/line_exchange.h"
#include "cli/outcome.h"
#include "common/runtime/asio.h"
#include "common/text/clock.h"
#include "gateway/hub/links.h"
#include "gateway/mcp/endpoint.h"

namespace strawberry::cli {

class StdioServer {
 public:
  static constexpr std::size_t requests_max = 100;
  static constexpr std::size_t line_bytes_max = 256 * 1024;  // as the web door's limit for a body

  struct Options {
    gateway::BrokerAddress broker;
    std::function<std::string()> token;  // called for each message
    std::string version;
    std::string mode;  // of the list: auto, all, search
    LineExchange::Write write;
  };

  StdioServer(asio::io_context& loop, Options options);

  /// Runs until `next` returns nullopt.
  Task<Outcome<void>> serve(std::function<Task<std::optional<std::string>>()> next);

 private:
  void begin(std::string line);
  Task<void> answer(std::shared_ptr<LineExchange> exchange, std::string id);

  asio::io_context& loop_;
  const Options options_;
  SystemClock clock_;
  gateway::Links links_;
  gateway::mcp::Endpoint endpoint_;
  std::multimap<std::string, std::shared_ptr<LineExchange>> under_way_;  // by id_of_line()
};

}  // namespace strawberry::cli
