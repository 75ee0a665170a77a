/// The `chat` service (docs/contract.md, section 5): an OpenAI chat completion, or a TensorZero-style inference, in
/// which the user's skills are tools that the hub runs, or Python that the Spoke runs. Streamed or not; stopped by
/// `cancel` or when the device leaves; `confirm` answers what a skill asks the user first. Its operation `usage` is in
/// bridge/usage.
///
/// A turn reads from top to bottom in run(); what it decides is in agent_loop.h, tool_catalog.h, chat_request.h, what
/// it looks like in answer_format.h, its events in answer_stream.h.
///
/// Threading: loop only (asserted).   Lifetime: outlives the running of its requests, as do clock, providers, tools,
/// store and usage; a request that is only destroyed, with the loop, touches none of them. Errors: bad_request,
/// not_found (session, chat, question), busy, timeout, cancelled, provider_error, provider_timeout. What a skill call
/// came to is told to the model, and never fails the chat. Bounds: Options; beyond chats_per_principal_max the answer
/// is `busy` at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/chat/agent_loop.h"
#include "bridge/chat/answer_stream.h"
#include "bridge/chat/chat_request.h"
#include "bridge/chat/chat_session.h"
#include "bridge/chat/confirmations.h"
#include "bridge/chat/python_prompt.h"
#include "bridge/chat/running_chats.h"
#include "bridge/chat/tool_catalog.h"
#include "bridge/chat/tool_runner.h"
#include "bridge/llm/provider_chain.h"
#include "bridge/pipeline/service.h"
#include "bridge/ports/store.h"
#include "bridge/skills/tool_source.h"
#include "bridge/usage/usage_ledger.h"
#include "common/runtime/loop_affinity.h"

namespace strawberry {

class ChatService final : public RequestHandler {
 public:
  struct Options {
    std::size_t chats_per_principal_max = 4;
    std::chrono::milliseconds default_timeout{60'000};
    std::chrono::milliseconds tool_timeout{30'000};     // of one skill call
    std::chrono::milliseconds confirm_timeout{30'000};  // for the user to say yes
    AgentLoop::Options agent;
    ToolCatalog::Options tools;
    ChatRequest::Options request;
    ChatSession::Options session;
    PythonPromptOptions python;
    AnswerStream::Options stream;
    Confirmations::Options confirmations;
  };
  /// What the chats of one bridge share with the rest of it.
  struct Neighbours {
    ProviderChain& providers;
    ToolSource& tools;
    Store& store;
    UsageLedger& usage;
    /// What waits to leave; may be empty.
    AnswerStream::Waiting waiting;
  };

  ChatService(const Clock& clock, Neighbours neighbours, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return options_.default_timeout; }

  /// The device is gone: its chats end.
  void sender_left(const std::string& device_id);
  /// Chats under way.
  std::size_t in_flight() const { return running_->size(); }

 private:
  using Answer = Reply<nlohmann::json>;
  using Place = std::shared_ptr<RunningChats::Chat>;
  struct Turn;  // one chat from its request to its answer
  /// What is left of a chat when its work is over, however it ended.
  struct Work {
    std::shared_ptr<Turn> turn;  // null before it began
  };

  Answer cancel(const Request& request);
  Answer confirm(const Request& request);
  Task<Answer> complete(Request request);
  Task<Answer> inference(Request request);
  Task<Answer> run_stoppable(Request request, ChatRequest chat, std::shared_ptr<const AnswerFormat> format);
  Task<Answer> run(Place place, std::shared_ptr<Work> work, Request request, ChatRequest chat,
                   std::shared_ptr<const AnswerFormat> format);
  Task<Reply<AgentLoop::Finish>> answer_of(std::shared_ptr<Turn> turn);
  Task<nlohmann::json> answer(std::shared_ptr<Turn> turn, AgentLoop::Finish end, std::optional<ChatSession> session);
  void record_unfinished(const Turn& turn);
  ToolRun tool_run(const std::shared_ptr<Turn>& turn, std::size_t step) const;
  SteadyTime latest_end(SteadyTime deadline) const;

  LoopAffinity loop_;
  const Clock& clock_;
  const Neighbours neighbours_;
  const Options options_;
  const std::shared_ptr<RunningChats> running_;
  const std::shared_ptr<Confirmations> confirmations_;
};

}  // namespace strawberry
