/// One call at the hub for which an MCP client waits: sends signs of life to a client that reads a stream, and stops
/// waiting when the client disconnects.
///
/// A client that closes its connection has cancelled: nothing more is sent. The device may still finish the call.
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

/// The messages that a client gets while it waits.
class SignsOfLife {
 public:
  struct Options {
    Options() = default;
    std::chrono::milliseconds progress{2'000};     // for clients that asked for progress
    std::chrono::milliseconds keep_alive{15'000};  // for all other clients that read streams
  };

  /// `token`: the request's progressToken; null when there is none.
  SignsOfLife(Exchange& exchange, nlohmann::json token, Options options);
  /// Sends none, and only shows whether the client is still there: for a message whose answer is part of another's.
  explicit SignsOfLife(Exchange& exchange) : exchange_(exchange), can_stream_(false) {}

  /// Returns when the next one is due; never for a client that reads no stream.
  SteadyTime next() const;
  /// Sends one. Returns false when the client is gone.
  Task<bool> give(std::chrono::milliseconds waited, std::chrono::milliseconds at_most);
  Exchange& exchange() { return exchange_; }

 private:
  Exchange& exchange_;
  const nlohmann::json token_;
  const Options options_;
  const bool can_stream_;
  SteadyTime last_{};
};

/// Returns the hub's `result`, or its error. The problem `cancelled` of status 0: the client is gone.
Task<tl::expected<nlohmann::json, Problem>> wait_for_call(asio::io_context& loop, std::shared_ptr<HubLink> link,
                                                          nlohmann::json body, std::chrono::milliseconds timeout,
                                                          std::shared_ptr<SignsOfLife> signs);

}  // namespace strawberry::gateway::mcp
