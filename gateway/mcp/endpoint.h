/// `POST /mcp`: the hub's skills as tools of MCP (Streamable HTTP), for clients of both eras (era.h), docs/mcp.md.
///
/// Every request is sent to the hub with its own token. There are no sessions; GET and DELETE are not supported (405).
///
/// Threading: loop only.   Lifetime: outlives its exchanges; stop() ends the streams of listeners.
/// Errors: without a valid token those of HTTP (401, 429, 503), and 403 when it lacks a scope; then JSON-RPC's with the
/// status of the revision; an error of a call is a result with `isError`, which the model reads. Bounds: Options;
/// SkillRegistry's pages; the server's for bodies.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/runtime/asio.h"
#include "common/text/clock.h"
#include "gateway/http/router.h"
#include "gateway/hub/links.h"
#include "gateway/mcp/answers.h"
#include "gateway/mcp/challenge.h"
#include "gateway/mcp/confirmation.h"
#include "gateway/mcp/listeners.h"
#include "gateway/mcp/tools.h"
#include "gateway/mcp/waiting_call.h"

namespace strawberry::gateway::mcp {

class Endpoint {
 public:
  struct Options {
    std::string version;
    std::size_t direct_tools_max = 40;  // with more skills, the three tools of tools.h are listed
    std::chrono::milliseconds call_timeout{60'000};
    Listeners::Options listeners;
    SignsOfLife::Options signs;
    Challenge challenge{};  // empty: 401 has `Bearer` alone
  };

  Endpoint(asio::io_context& loop, Links& links, const Clock& clock, Options options);

  Task<void> serve(Exchange& exchange);
  void stop() { listeners_.stop(); }
  std::size_t listening() const { return listeners_.size(); }

 private:
  /// The state of one message while it is answered.
  struct Turn {
    Turn() = default;  // no aggregate: g++ 12 copies those badly into coroutines
    std::shared_ptr<HubLink> link;
    Spoken spoken;
    ListMode mode = ListMode::automatic;
    std::string idempotency_key;
    std::shared_ptr<SignsOfLife> signs;  // of a batch's message: those that send nothing
    Message message;
  };
  using Result = tl::expected<nlohmann::json, RpcError>;

  Task<void> serve_batch(Exchange& exchange, Turn turn, Post post);
  Task<void> serve_one(Exchange& exchange, Turn turn);
  static std::optional<Scope> missing_scope(const Turn& turn);
  Task<Result> result_of(Turn turn);
  Task<Result> list(Turn turn);
  Task<Result> call(Turn turn);
  Task<Result> look(Turn turn, ToolCall call);
  Task<Result> run(Turn turn, ToolCall call);
  Result question_of(const Turn& turn, const ToolCall& call, const nlohmann::json& question) const;

  asio::io_context& loop_;
  Links& links_;
  const Clock& clock_;
  const Options options_;
  const Confirmations confirmations_;
  Listeners listeners_;
};

Route endpoint_route(std::shared_ptr<Endpoint> endpoint);

}  // namespace strawberry::gateway::mcp
