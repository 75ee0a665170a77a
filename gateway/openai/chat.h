/// `POST /v1/chat/completions`, as OpenAI's clients know it, whole and streamed. The hub runs its users' skills behind
/// the scenes; tools that the client names are passed through.
///
/// Threading: loop only.   Errors: OpenAI's error objects; in a stream that has begun an event with `error`, and no
/// `[DONE]`. What may have called a skill is never answered with a status that clients repeat by themselves.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "gateway/http/exchange.h"
#include "gateway/hub/links.h"

namespace strawberry::gateway {

class OpenAiChat {
 public:
  OpenAiChat(asio::io_context& loop, Links& links) : loop_(loop), links_(links) {}
  Task<void> operator()(Exchange& exchange) const;

 private:
  asio::io_context& loop_;
  Links& links_;
};

/// A request's body as JSON; nothing for what is none, or nests too deep.
tl::expected<nlohmann::json, Problem> read_json_object(const Request& request);

/// Gives the hub's request its correlation id, if the client has one: `Idempotency-Key`, or the body's own. What is
/// wrong with it; nothing when nothing is. (The hub could not answer under an id that is none.)
std::optional<Problem> name_request(const Request& request, nlohmann::json& body);

}  // namespace strawberry::gateway
