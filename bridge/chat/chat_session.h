/// The stored conversation behind a chat's `session_id`: its history before the turn, both sides of the turn after it.
///
/// A session idle for longer than Options::idle_max is closed, and the turn goes into a new, empty one: whoever comes
/// back after a quarter of an hour starts a new conversation, and gets its id in the reply. Nothing is written before
/// the model has answered, so a failed turn leaves nothing behind.
///
/// Threading: loop only.   Errors: `not_found` for a session that is not there or somebody else's; the store's.
/// Bounds: Options.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bridge/ports/conversation_store.h"
#include "common/contract/principal.h"
#include "common/runtime/task.h"
#include "common/text/clock.h"

namespace strawberry::bridge {

class ChatSession {
 public:
  struct Options {
    // Of what was said before; whole turns, the oldest go first.
    std::size_t history_messages_max = 50;
    std::size_t history_bytes_max = 256 * 1024;
    std::chrono::minutes idle_max{15};
  };

  /// `session_id` is an id or `new`.
  static Task<Reply<ChatSession>> open(ConversationStore& store, const Clock& clock, Principal sender,
                                       std::string session_id, Options options);

  /// What was said before: OpenAI messages, oldest first.
  const nlohmann::json& history() const { return history_; }
  const std::string& id() const { return row_.session_id; }
  /// Not in the store before save().
  bool is_new() const { return is_new_; }

  /// Stores the user's and assistant's texts among `messages`, then `answer`.
  static Task<Reply<void>> save(ConversationStore& store, const Clock& clock, ChatSession session,
                                nlohmann::json messages, std::string answer);

 private:
  void start_new(const Clock& clock, const Principal& sender);
  void remember(std::vector<MessageRow> rows, const Options& options);

  SessionRow row_;
  bool is_new_ = false;
  std::optional<SessionRow> closed_;  // the idle one, to be marked
  std::int64_t newest_ms_ = 0;        // when the last stored message was made
  nlohmann::json history_ = nlohmann::json::array();
};

}  // namespace strawberry::bridge
