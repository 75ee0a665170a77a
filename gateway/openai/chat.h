/// `POST /v1/chat/completions` as OpenAI's clients use it, whole and streamed. The hub runs its users' skills itself;
/// tools that the client defines are passed through.
///
/// Threading: loop only.   Errors: OpenAI's error objects; in a stream that has begun an event with `error`, and no
/// `[DONE]`. A chat that may have called a skill is never answered with a status that clients repeat automatically.
#pragma once

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

}  // namespace strawberry::gateway
