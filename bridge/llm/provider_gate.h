/// Decides whether a provider may get a request now: by its circuit breaker, its requests in flight, in total and of
/// the same user, and the requests that began in the last minute. Keeps the counts that `hub/health` shows.
///
/// Threading: loop only.   Lifetime: outlives its passes, as does the clock.
/// Errors: ProviderError with reason `circuit_open` or `busy`, at once: nothing waits here.
/// Bounds: Options; the times of requests_per_minute_max requests are kept.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "bridge/llm/circuit_breaker.h"
#include "bridge/llm/provider.h"

namespace strawberry::bridge {

class ProviderGate {
 public:
  struct Options {
    std::size_t requests_in_flight_max = 2'000;
    std::size_t requests_per_minute_max = 0;  // 0: no limit
    CircuitBreaker::Options breaker;
    std::size_t requests_in_flight_per_user_max = 0;  // 0: half of requests_in_flight_max, at least 1
  };
  struct Counts {
    std::uint64_t requests = 0;  // each attempt counts
    std::uint64_t failures = 0;  // attempts without an answer
  };

  /// One active attempt. Ends when a result is reported, or it is destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&&) = delete;
    ~Pass();

    void succeeded();
    void failed(const ProviderError& error);
    /// Reports a failure that is not the provider's fault.
    void failed_blameless();

   private:
    friend class ProviderGate;
    Pass(ProviderGate& gate, CircuitBreaker::Permit permit, std::string user)
        : gate_(&gate), user_(std::move(user)), permit_(std::move(permit)) {}

    ProviderGate* gate_;
    std::string user_;
    CircuitBreaker::Permit permit_;
  };

  ProviderGate(std::string name, const Clock& clock, Options options);
  ProviderGate(const ProviderGate&) = delete;
  ProviderGate& operator=(const ProviderGate&) = delete;

  /// `is_under_way`: the provider has already answered in this turn, so our own limits do not refuse it now. `user`:
  /// the user in whose share of the requests in flight it counts.
  Result<Pass, ProviderError> enter(bool is_under_way, const std::string& user);

  const CircuitBreaker& breaker() const { return breaker_; }
  const Counts& counts() const { return counts_; }

 private:
  std::optional<ProviderError> over_limit(const std::string& user);
  void leave(const std::string& user);
  ProviderError refusal(std::string reason, std::string message) const;

  const std::string name_;
  const Clock& clock_;
  const Options options_;
  CircuitBreaker breaker_;
  Counts counts_;
  std::size_t in_flight_ = 0;
  std::unordered_map<std::string, std::size_t> in_flight_by_user_;
  std::deque<SteadyTime> last_minute_;  // start times of requests; oldest first
};

}  // namespace strawberry::bridge
