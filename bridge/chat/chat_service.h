/// The `chat` service (docs/contract.md, section 5): an OpenAI chat completion in which the user's skills are tools
/// that the hub runs. Available so far: tool_mode `native` and `none`; `stream` gives events around tool calls and the
/// answer as one piece.
///
/// A turn reads from top to bottom in run(); what it decides is in agent_loop.h, tool_catalog.h, chat_request.h.
///
/// Threading: loop only (asserted).   Lifetime: outlives the running of its requests, as do clock, providers, tools and
/// store; a request that is only destroyed, with the loop, touches none of them. Errors: forbidden (no user to act
/// for), bad_request, not_found (session), busy, timeout, provider_error, provider_timeout. What a skill call came to
/// is told to the model, and never fails the chat. Bounds: Options; beyond chats_per_principal_max the answer is `busy`
/// at once.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "bridge/chat/agent_loop.h"
#include "bridge/chat/chat_request.h"
#include "bridge/chat/chat_session.h"
#include "bridge/chat/tool_catalog.h"
#include "bridge/chat/tool_runner.h"
#include "bridge/core/loop_affinity.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/ports/store.h"
#include "bridge/protocol/service.h"
#include "bridge/skills/tool_source.h"

namespace strawberry {

class ChatService final : public RequestHandler {
 public:
  struct Options {
    std::size_t chats_per_principal_max = 4;
    std::chrono::milliseconds default_timeout{60'000};
    std::chrono::milliseconds tool_timeout{30'000};  // of one skill call
    AgentLoop::Options agent;
    ToolCatalog::Options tools;
    ChatRequest::Options request;
    ChatSession::Options session;
  };

  ChatService(const Clock& clock, ProviderChain& providers, ToolSource& tools, Store& store, Options options);

  Service service() const override { return Service::chat; }
  Task<Reply<nlohmann::json>> handle(Request request) override;
  std::chrono::milliseconds default_timeout(const std::string&) const override { return options_.default_timeout; }

  /// Chats under way.
  std::size_t in_flight() const { return places_->in_flight; }

 private:
  /// Shared with the chats: one that never finished is destroyed with the loop, after the service.
  struct Places {
    std::map<std::string, std::size_t> taken;  // by principal
    std::size_t in_flight = 0;
  };
  class Place;  // one of a principal's chats, given back when it ends
  struct Turn;  // one chat from its request to its answer

  Task<Reply<nlohmann::json>> run(Request request, ChatRequest chat);
  Task<Reply<AgentLoop::Finish>> complete(std::shared_ptr<Turn> turn);
  ToolRun tool_run(const Turn& turn, std::size_t step) const;
  SteadyTime tool_deadline(SteadyTime deadline) const;
  nlohmann::json completion(const AgentLoop& loop, const AgentLoop::Finish& end) const;

  LoopAffinity loop_;
  const Clock& clock_;
  ProviderChain& providers_;
  ToolSource& tools_;
  Store& store_;
  const Options options_;
  const std::shared_ptr<Places> places_ = std::make_shared<Places>();
};

}  // namespace strawberry
