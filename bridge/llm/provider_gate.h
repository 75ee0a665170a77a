/// Whether one provider may be asked now, by what became of those who asked before: its circuit breaker, how many
/// requests it has in flight, in all and for the same user, how many began in the last minute. And the counts that
/// `hub/health` shows.
///
/// Threading: loop only.   Lifetime: outlives its passes, as does the clock.
/// Errors: ProviderError with reason `circuit_open` or `busy`, at once: nobody waits here.
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
    std::size_t requests_per_minute_max = 0;  // 0: any number
    CircuitBreaker::Options breaker;
    std::size_t requests_in_flight_per_user_max = 0;  // 0: half of requests_in_flight_max, at least 1
  };
  struct Counts {
    std::uint64_t requests = 0;  // each attempt counts
    std::uint64_t failures = 0;  // of them, those without an answer
  };

  /// One attempt under way. Ends when it says so, or is destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept;
    Pass& operator=(Pass&&) = delete;
    ~Pass();

    void succeeded();
    void failed(const ProviderError& error);
    /// Failed, for which the provider is not to blame.
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

  /// `is_under_way`: the provider has begun this turn. Our own limits kept others out then, and do not break it off in
  /// the middle. `user`: whose share of the requests in flight it takes.
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
  std::deque<SteadyTime> last_minute_;  // when requests began; oldest first
};

}  // namespace strawberry::bridge
