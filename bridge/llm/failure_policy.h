/// What comes after a provider has failed: the same again, the next one, or nothing more.
///
/// The habits of the OpenAI SDK: what passes by itself (408, 409, 429, 5xx, the network) is tried again after the time
/// the server asks for, or after 0.5 s that double up to 8 s, shortened at random so that many do not come back at
/// once. What the request or the key is to blame for is the same the next time, so the next provider is asked instead.
/// Nothing is asked again once some of the answer was shown or a tool has run: it would say, or do, everything twice.
///
/// Pure.   Bounds: RetryOptions; no retry begins that has no time left before its deadline.
#pragma once

#include <chrono>
#include <cstddef>

#include "bridge/llm/provider.h"

namespace strawberry::bridge {

struct RetryOptions {
  std::size_t retries_max = 0;
  std::chrono::milliseconds delay_first{500};
  std::chrono::milliseconds delay_max{8'000};
  std::chrono::milliseconds attempt_time_min{200};  // what a retry must have left after its delay to be worth it
};

struct Situation {
  std::size_t retries = 0;  // of this provider, in this request, so far
  SteadyTime now;
  SteadyTime deadline;  // by which this provider must have answered
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

/// The pause that the server asks for, when it is one to keep.
std::optional<std::chrono::milliseconds> believable_retry_after(const ProviderError& error);

/// False for what the request is to blame for (400, 403, 404, 413, 422, 451, `unsupported`, `blocked`, `length`): the
/// provider is well. The model is the client's choice, and 403 or 451 what it gets for one it may not use; 401 is the
/// hub's key.
bool is_fault_of_provider(const ProviderError& error);

}  // namespace strawberry::bridge
