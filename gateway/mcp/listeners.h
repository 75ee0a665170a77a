/// `subscriptions/listen`: a stream that reports changes of the list of tools, until one side ends it.
///
/// Threading: loop only.   Lifetime: outlives its streams; stop() ends them with their result.
/// Errors: an RpcError before the stream has begun.   Bounds: Options; changes within `gather` are reported as one.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
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
    std::size_t listeners_per_user_max = 0;  // 0: a quarter of listeners_max, at least 1
    std::chrono::milliseconds gather{500};
    std::chrono::milliseconds keep_alive{15'000};
  };

  Listeners(asio::io_context& loop, Options options);
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  /// Returns an error if this connection to the hub, or its user, may have no further listener.
  tl::expected<void, RpcError> admit(const Exchange& exchange, const HubLink& link, const Message& message) const;
  /// Runs until the stream ends. Only for requests that admit() accepts.
  Task<void> serve(Exchange& exchange, std::shared_ptr<HubLink> link, nlohmann::json id, bool wants_tools);
  void stop();
  std::size_t size() const { return ears_.size(); }

 private:
  struct Ear;

  asio::io_context& loop_;
  const Options options_;
  std::unordered_set<Ear*> ears_;
  std::unordered_map<std::string, std::size_t> ears_by_user_;
};

/// Returns whether a listen request asks for changes of the list of tools, the only ones that this server reports.
bool wants_tool_changes(const nlohmann::json& params);

}  // namespace strawberry::gateway::mcp
