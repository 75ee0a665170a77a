/// `subscriptions/listen`: a stream that says when the list of tools is another, until one side ends it.
///
/// Threading: loop only.   Lifetime: outlives its streams; stop() ends them with their result.
/// Errors: a RpcError before the stream has begun.   Bounds: Options; several changes within `gather` are one.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>

#include "common/runtime/asio.h"
#include "gateway/http/exchange.h"
#include "gateway/hub/hub_link.h"
#include "gateway/mcp/rpc.h"

namespace strawberry::gateway::mcp {

class Listeners {
 public:
  struct Options {
    std::size_t listeners_max = 2'000;
    std::size_t listeners_per_token_max = 100;
    std::chrono::milliseconds gather{500};
    std::chrono::milliseconds keep_alive{15'000};
  };

  Listeners(asio::io_context& loop, Options options) : loop_(loop), options_(options) {}
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  /// What is against one more on this connection to the hub.
  tl::expected<void, RpcError> admit(const Exchange& exchange, const HubLink& link, const Message& message) const;
  /// Until the stream ends. Only what admit() has nothing against.
  Task<void> serve(Exchange& exchange, std::shared_ptr<HubLink> link, nlohmann::json id, bool wants_tools);
  void stop();
  std::size_t size() const { return ears_.size(); }

 private:
  struct Ear;

  asio::io_context& loop_;
  const Options options_;
  std::unordered_set<Ear*> ears_;
};

/// Whether a listen request asks for changes of the list of tools: all that this server can say.
bool wants_tool_changes(const nlohmann::json& params);

}  // namespace strawberry::gateway::mcp
