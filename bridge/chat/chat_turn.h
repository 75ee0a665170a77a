/// One chat turn, from its request to its stored answer. It asks a model and runs the skill calls that this wants,
/// until the model answers in words; on the way it streams the answer, asks the user where a skill has to be allowed,
/// counts what was used, and keeps the deadline. At the end it stores both sides of the turn in the session.
///
/// What it decides is in agent_loop.h, tool_catalog.h and chat_request.h, what it looks like in answer_format.h, its
/// events in answer_stream.h.
///
/// Threading: loop only.   Lifetime: shared by the coroutines that work on it; what `Shared` names outlives the running
/// of it. A turn that is only destroyed, with the loop, touches none of that.
/// Errors: not_found (session), timeout, cancelled, too_large, provider_error, provider_timeout, and the store's. What
/// a skill call came to is told to the model, and never fails the turn.   Bounds: Options.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
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
#include "bridge/ports/conversation_store.h"
#include "bridge/skills/tool_source.h"
#include "bridge/usage/usage_ledger.h"

namespace strawberry::bridge {

class ChatTurn : public std::enable_shared_from_this<ChatTurn> {
 public:
  struct Options {
    std::chrono::milliseconds tool_timeout{30'000};     // of one skill call
    std::chrono::milliseconds confirm_timeout{30'000};  // for the user to say yes
    AgentLoop::Options agent;
    ToolCatalog::Options tools;
    ChatSession::Options session;
    PythonPromptOptions python;
    AnswerStream::Options stream;
  };
  struct Neighbours {
    ProviderChain& providers;
    ToolSource& tools;
    ConversationStore& store;
    UsageLedger& usage;
    /// What waits to leave; may be empty.
    AnswerStream::Waiting waiting;
  };
  /// What all turns of a service have in common.
  struct Shared {
    const Clock& clock;
    const Neighbours& neighbours;
    const Options& options;
    std::shared_ptr<Confirmations> confirmations;
  };
  using Answer = Reply<nlohmann::json>;
  using Place = std::shared_ptr<RunningChats::Chat>;

  ChatTurn(Shared shared, Place place, Request request, ChatRequest chat, std::shared_ptr<const AnswerFormat> format);

  /// Completes with the answer, or as soon as the turn is stopped: by its place (RunningChats), or when the waiting
  /// coroutine is cancelled. Once.
  static Task<Answer> run(std::shared_ptr<ChatTurn> turn);

 private:
  static Task<Answer> work(std::shared_ptr<ChatTurn> turn);
  void finished(const std::exception_ptr& thrown, Answer given);

  Task<Reply<void>> open();
  /// Of a token that may chat and call nothing, the model is offered no skills.
  bool may_call_skills() const { return request_.rights.has(Scope::skills_call); }
  void begin(const nlohmann::json& messages, const asio::any_io_executor& executor);
  Task<Reply<AgentLoop::Finish>> converse();
  Task<Reply<ModelReply>> ask_model(AgentLoop::AskModel ask);
  ModelRequest model_request(const AgentLoop::AskModel& ask) const;
  ToolRun tool_run(std::size_t step);
  static Task<bool> ask_user(std::shared_ptr<ChatTurn> turn, PlannedCall call);
  Task<nlohmann::json> answer(AgentLoop::Finish end);
  Task<WholeAnswer> store(WholeAnswer whole);
  void record_unfinished();
  void tell(const std::string& event, nlohmann::json data) const;
  SteadyTime latest_end() const;

  const Shared shared_;
  Place place_;  // given back when the work is over
  const Request request_;
  ChatRequest chat_;
  const std::shared_ptr<const AnswerFormat> format_;

  std::optional<ChatSession> session_;
  std::optional<ToolCatalog> catalog_;
  std::optional<AgentLoop> loop_;
  AnswerHead head_;
  std::shared_ptr<AnswerStream> stream_;  // null: the answer is wanted whole
  AgentLoop::AskModel asked_{};           // last
  /// Of text that was streamed since the usage was recorded.
  const std::shared_ptr<std::size_t> unrecorded_bytes_ = std::make_shared<std::size_t>(0);
  bool is_usage_estimated_ = false;
};

}  // namespace strawberry::bridge
