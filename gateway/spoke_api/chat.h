/// The Spoke API's chat: `POST /api/v1/chat/completions` with `enable_tools`, `/inference` and `/api/inference`, whole,
/// or streamed with its own kinds of events.
///
/// Threading: loop only.   Errors: {"detail"} before the first event, then an event `error`.
/// Bounds: sessions_max remembered successors of sessions that the hub closed.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "gateway/http/exchange.h"
#include "gateway/hub/hub_link.h"

namespace strawberry::gateway::spoke_api {

/// The hub closes an idle session and continues in a new one, whose id its reply has; these clients keep sending the
/// old id.
class Successors {
 public:
  static constexpr std::size_t sessions_max = 10'000;

  /// Returns the session in which to continue, for this user.
  std::string of(const std::string& user_id, const std::string& session_id) const;
  void note(const std::string& user_id, const std::string& asked, const std::string& answered);

 private:
  std::unordered_map<std::string, std::string> next_;  // by user, a space, session
  std::deque<std::string> order_;
};

/// Returns whether the body is of the Spoke API, and not of OpenAI's.
bool is_spoke_chat(const nlohmann::json& body);
/// Makes the hub's request.
nlohmann::json hub_request(nlohmann::json body);

Task<void> chat(asio::io_context& loop, Exchange& exchange, std::shared_ptr<HubLink> link, nlohmann::json body,
                Successors& successors);

}  // namespace strawberry::gateway::spoke_api
