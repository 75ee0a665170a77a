/// A language model server behind HTTP, whatever its dialect: the Wire says what is sent and what comes back means,
/// this does the asking, the waiting and the giving up.
///
/// An answer that is wanted piece by piece (request.on_text) is read as it arrives. A server may be slow in four ways,
/// each with its own limit and sentence, all with reason `timeout`: to connect, to begin the answer, in the middle of
/// it, and in all. The two in the middle hold for streamed answers; one that is wanted whole comes at once, at its end.
/// Tokens that a server does not count are estimated. A request that is refused for a part that the answer can do
/// without is sent once more without it (Wire::learn()).
///
/// Threading: loop only.   Lifetime: outlives its requests; `http` and `clock` outlive it. Cancelling complete() ends
/// the transfer.
/// Errors: ProviderError, with `shown` once text went to on_text. Its message never holds the key, even when the server
/// repeats it.
/// Bounds: Options; a request ends at its own deadline or at total_timeout, whichever is first.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "bridge/llm/provider.h"
#include "bridge/llm/wire.h"
#include "bridge/ports/http.h"

namespace strawberry::bridge {

class HttpProvider final : public Provider {
 public:
  struct Options {
    std::string name;
    std::string model;    // when the request names none
    std::string api_key;  // not sent from here, the wire does: only to keep it out of messages
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds first_token_timeout{30'000};  // from the start to the first piece: text, call, thought
    std::chrono::milliseconds idle_timeout{30'000};         // from one piece of the answer to the next
    std::chrono::milliseconds total_timeout{60'000};
    std::size_t response_bytes_max = 4 * 1024 * 1024;
    std::optional<std::string> proxy = std::nullopt;  // as HttpRequest has it
  };

  /// Throws std::invalid_argument when the name is empty, or it or the key have control characters.
  HttpProvider(HttpClient& http, const Clock& clock, std::unique_ptr<Wire> wire, Options options);

  const std::string& name() const override { return options_.name; }
  const std::string& default_model() const override { return options_.model; }
  Task<Result<ModelReply, ProviderError>> complete(ModelRequest request) override;

 private:
  using Outcome = Result<ModelReply, ProviderError>;

  HttpRequest http_request(const Wire::Sent& sent, std::chrono::milliseconds left) const;
  Task<Outcome> fetch_whole(HttpRequest asked, HttpResponse* refusal);
  Task<Outcome> fetch_streamed(HttpRequest asked, StreamReader::OnText on_text,
                               std::chrono::milliseconds first_token_timeout, HttpResponse* refusal);
  std::chrono::milliseconds first_token_limit(const ModelRequest& request) const;
  tl::unexpected<ProviderError> refuse(ProviderError error) const;
  std::string without_key(std::string text) const;

  HttpClient& http_;
  const Clock& clock_;
  const std::unique_ptr<Wire> wire_;
  const Options options_;
};

}  // namespace strawberry::bridge
