/// One call at the hub while an MCP client waits for it: signs of life for a client that reads a stream, and the end of
/// the waiting when that client leaves.
///
/// A client that closes its connection has cancelled: nothing more is said. What the device has begun goes on.
///
/// Threading: loop only.   Lifetime: the exchange outlives it.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "common/runtime/asio.h"
#include "gateway/http/errors.h"
#include "gateway/http/exchange.h"
#include "gateway/hub/hub_link.h"

namespace strawberry::gateway::mcp {

/// What one client is told while it waits.
class SignsOfLife {
 public:
  struct Options {
    Options() = default;
    std::chrono::milliseconds progress{2'000};     // for who asked for progress
    std::chrono::milliseconds keep_alive{15'000};  // for everybody else who reads streams
  };

  /// `token`: the request's progressToken; null when there is none.
  SignsOfLife(Exchange& exchange, nlohmann::json token, Options options);

  /// When the next one is due; never for a client that reads no streams.
  SteadyTime next() const;
  /// False when the client is gone.
  Task<bool> give(std::chrono::milliseconds waited, std::chrono::milliseconds at_most);
  Exchange& exchange() { return exchange_; }

 private:
  Exchange& exchange_;
  const nlohmann::json token_;
  const Options options_;
  const bool can_stream_;
  SteadyTime last_;
};

/// The hub's `result`, or what is against it. The problem `cancelled` of status 0: the client is gone.
Task<tl::expected<nlohmann::json, Problem>> wait_for_call(asio::io_context& loop, std::shared_ptr<HubLink> link,
                                                          nlohmann::json body, std::chrono::milliseconds timeout,
                                                          std::shared_ptr<SignsOfLife> signs);

}  // namespace strawberry::gateway::mcp
