/// The `sessions` service: conversations that belong to a user, whichever of their devices holds them
/// (docs/contract.md, section 6).
///
/// Threading: loop only.   Errors: somebody else's session is `not_found`.   Bounds: the request schemas'.
#pragma once

#include "bridge/pipeline/service.h"
#include "bridge/ports/conversation_store.h"

namespace strawberry::bridge {

class SessionService final : public RequestHandler {
 public:
  SessionService(const Clock& clock, ConversationStore& store) : clock_(clock), store_(store) {}

  static const OperationTable& operations();
  const OperationTable& table() const override { return operations(); }
  std::chrono::milliseconds default_timeout() const override { return std::chrono::seconds(30); }

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> create(Request request);
  Task<Outcome> list(Request request);
  Task<Outcome> sync(Request request);
  /// Runs `method` with the acting user's session that the request names.
  template <Task<Outcome> (SessionService::*method)(Request, SessionRow)>
  Task<Outcome> in_session(Request request);
  Task<Outcome> get(Request request, SessionRow session);
  Task<Outcome> messages(Request request, SessionRow session);
  Task<Outcome> append(Request request, SessionRow session);
  Task<Outcome> update(Request request, SessionRow session);
  Task<Outcome> remove(Request request, SessionRow session);

  const Clock& clock_;
  ConversationStore& store_;
};

/// A session's title when nobody gave one: the first user message, cut at 80 characters (not bytes).
std::string title_from(const std::string& first_message);

nlohmann::json session_json(const SessionRow& session);
nlohmann::json message_json(const MessageRow& message);

}  // namespace strawberry::bridge
