/// The `chat` service (docs/contract.md, section 5): an OpenAI chat completion, or a TensorZero-style inference, in
/// which the user's skills are tools that the hub runs, or Python that the Spoke runs. Streamed or not. `cancel` stops
/// it, as does the device going offline; `confirm` answers what a skill asks the user first. Its operation `usage` is
/// in bridge/usage.
///
/// The service reads requests and keeps the list of running chats; a ChatTurn (chat_turn.h) runs each chat.
///
/// Threading: loop only (asserted).   Lifetime: outlives its running requests, as do clock, providers, tools, store and
/// usage; a request that is destroyed with the loop uses none of them. Errors: bad_request, not_found (chat, question),
/// busy, and those of a turn. Bounds: Options; beyond chats_per_principal_max the answer is `busy` at once.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "bridge/chat/chat_request.h"
#include "bridge/chat/chat_turn.h"
#include "bridge/chat/confirmations.h"
#include "bridge/chat/running_chats.h"
#include "bridge/pipeline/service.h"
#include "common/runtime/loop_affinity.h"

namespace strawberry::bridge {

class ChatService final : public RequestHandler {
 public:
  struct Options : ChatTurn::Options {
    std::size_t chats_per_principal_max = 4;
    std::chrono::milliseconds default_timeout{60'000};
    ChatRequest::Options request;
    Confirmations::Options confirmations;
  };
  using Neighbours = ChatTurn::Neighbours;

  ChatService(const Clock& clock, Neighbours neighbours, Options options);

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return options_.default_timeout; }

  /// Ends the chats of a device that has gone offline.
  void sender_left(const std::string& device_id);
  /// Ends the chats that the user itself has begun: they have the rights of before.
  void standing_changed(const std::string& user_id);
  /// Ends the chats that were asked for by tokens of this line (the `jti` of its first).
  void line_revoked(const std::string& line);
  /// Chats under way.
  std::size_t in_flight() const { return running_->size(); }

 private:
  using Answer = Reply<nlohmann::json>;

  Answer cancel(const Request& request);
  Answer confirm(const Request& request);
  Task<Answer> complete(Request request);
  Task<Answer> inference(Request request);
  Task<Answer> run_turn(Request request, ChatRequest chat, std::shared_ptr<const AnswerFormat> format);

  LoopAffinity loop_;
  const Clock& clock_;
  const Neighbours neighbours_;
  const Options options_;
  const std::shared_ptr<RunningChats> running_;
  const std::shared_ptr<Confirmations> confirmations_;
};

}  // namespace strawberry::bridge
