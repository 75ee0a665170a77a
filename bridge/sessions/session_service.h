/// The `sessions` service: conversations that belong to a user, whichever of their devices holds them
/// (docs/contract.md, section 6).
///
/// Threading: loop only.   Errors: somebody else's session is `not_found`.   Bounds: the request schemas'.
#pragma once

#include "bridge/pipeline/service.h"
#include "bridge/ports/store.h"

namespace strawberry {

class SessionService final : public RequestHandler {
 public:
  SessionService(const Clock& clock, Store& store) : clock_(clock), store_(store) {}

  Service service() const override { return Service::sessions; }
  Task<Reply<nlohmann::json>> handle(Request request) override;
  std::chrono::milliseconds default_timeout(const std::string& op) const override;

 private:
  using Outcome = Reply<nlohmann::json>;
  Task<Outcome> create(Request request, std::string user_id);
  Task<Outcome> list(Request request, std::string user_id);
  Task<Outcome> sync(Request request, std::string user_id);
  Task<Outcome> messages(Request request, SessionRow session);
  Task<Outcome> append(Request request, SessionRow session);
  Task<Outcome> update(Request request, SessionRow session);
  Task<Outcome> remove(SessionRow session);
  Task<Reply<SessionRow>> owned(std::string session_id, std::string user_id);

  const Clock& clock_;
  Store& store_;
};

/// A session's title when nobody gave one: the first user message, cut at 80 characters (not bytes).
std::string title_from(const std::string& first_message);

nlohmann::json session_json(const SessionRow& session);
nlohmann::json message_json(const MessageRow& message);

}  // namespace strawberry
