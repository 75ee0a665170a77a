/// Decides what follows the failure of a provider: a retry, the next provider, or the end.
///
/// As in the OpenAI SDK, transient errors (408, 409, 429, 5xx, the network) are retried after the time that the server
/// requests, or after 0.5 s, doubled up to 8 s and shortened at random so that clients do not retry all at once. Errors
/// caused by the request or the key would repeat, so the next provider is tried instead. Nothing is retried once part
/// of the answer was shown or a tool has run: it would be repeated.
///
/// Pure.   Bounds: RetryOptions; no retry starts without time left before its deadline.
#pragma once

#include <chrono>
#include <cstddef>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

struct RetryOptions {
  std::size_t retries_max = 0;
  std::chrono::milliseconds delay_first{500};
  std::chrono::milliseconds delay_max{8'000};
  std::chrono::milliseconds attempt_time_min{200};  // the least time a retry needs after its delay
};

struct Situation {
  std::size_t retries = 0;  // of this provider, in this request, so far
  SteadyTime now;
  SteadyTime deadline;  // the end of this provider's time
  bool is_last_try = false;
  double random = 0.0;  // 0 <= random < 1
};

struct NextStep {
  enum class Kind { retry, next_provider, give_up };
  Kind kind = Kind::next_provider;
  std::chrono::milliseconds delay{0};  // before a retry

  bool operator==(const NextStep&) const = default;
};

NextStep after_failure(const ProviderError& error, const Situation& situation, const RetryOptions& options);

/// Returns the pause that the server requests, when it is acceptable.
std::optional<std::chrono::milliseconds> believable_retry_after(const ProviderError& error);

/// False for errors caused by the request (400, 403, 404, 413, 422, 451, `unsupported`, `blocked`, `length`): the
/// provider works. The client chooses the model, and gets 403 or 451 for one it may not use; 401 concerns the hub's
/// key.
bool is_fault_of_provider(const ProviderError& error);

}  // namespace strawberry::bridge
