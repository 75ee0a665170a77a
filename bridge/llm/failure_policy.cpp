#include "bridge/llm/failure_policy.h"

#include <algorithm>
#include <array>

#include "bridge/llm/retry_after.h"
#include "bridge/llm/wire_json.h"

namespace strawberry::bridge {
namespace {

bool is_success(int status) { return status >= 200 && status < 300; }

/// True for errors that may not occur again on a retry.
bool passes_by_itself(const ProviderError& error) {
  if (is_one_of(error.reason, {"unsupported", "blocked", "length"})) return false;
  // The network is at fault when an answer broke off after a good start, as when none came.
  if (error.status == 0 || is_success(error.status))
    return error.timed_out || is_one_of(error.reason, {"connect", "timeout", "protocol", "cut"});
  return error.status == 408 || error.status == 409 || error.status == 429 || error.status >= 500;
}

std::chrono::milliseconds backoff(const Situation& situation, const RetryOptions& options) {
  auto delay = std::min(options.delay_first, options.delay_max);
  for (std::size_t i = 0; i < situation.retries && delay < options.delay_max; ++i)
    delay = std::min(delay * 2, options.delay_max);
  const double shortened = static_cast<double>(delay.count()) * (1.0 - 0.25 * situation.random);
  return std::chrono::milliseconds(static_cast<std::int64_t>(shortened));
}

}  // namespace

std::optional<std::chrono::milliseconds> believable_retry_after(const ProviderError& error) {
  const auto wish = error.retry_after;
  if (!wish || wish->count() <= 0 || *wish > pause_believed_max) return std::nullopt;
  return wish;
}

NextStep after_failure(const ProviderError& error, const Situation& situation, const RetryOptions& options) {
  using Kind = NextStep::Kind;
  if (error.shown || situation.is_last_try) return {Kind::give_up};
  if (!passes_by_itself(error) || situation.retries >= options.retries_max) return {Kind::next_provider};
  const auto wish = believable_retry_after(error);
  const auto delay = wish ? *wish : backoff(situation, options);
  if (situation.now + delay + options.attempt_time_min > situation.deadline) return {Kind::next_provider};
  return {Kind::retry, delay};
}

bool is_fault_of_provider(const ProviderError& error) {
  if (is_one_of(error.reason, {"unsupported", "blocked", "length"})) return false;
  constexpr std::array client_errors = {400, 403, 404, 413, 422, 451};
  return std::find(client_errors.begin(), client_errors.end(), error.status) == client_errors.end();
}

}  // namespace strawberry::bridge
