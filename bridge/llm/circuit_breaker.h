/// A circuit breaker, which protects a failing provider and the requests that would wait for it: after failures_max in
/// a row the provider gets no requests for a while (open), then one request at a time (half-open) until one succeeds
/// (closed).
///
/// Threading: loop only.   Lifetime: outlives its permits, as does the clock.   Errors: none.
/// Bounds: Options; a pause that the provider requests replaces open_for, so the caller limits it. It is at least
/// pause_min, since a pause of zero would have no effect.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/text/clock.h"

namespace strawberry::bridge {

class CircuitBreaker {
 public:
  static constexpr std::chrono::milliseconds pause_min{1'000};
  enum class State { closed, open, half_open };
  struct Options {
    std::size_t failures_max = 5;
    std::chrono::milliseconds open_for{30'000};
  };

  /// Permission for one request. Destroyed without a result (a cancelled chat), it does not affect the breaker.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

    void succeeded();
    void failed(std::optional<std::chrono::milliseconds> pause = std::nullopt);

   private:
    friend class CircuitBreaker;
    Permit(CircuitBreaker& breaker, std::uint64_t round) : breaker_(&breaker), round_(round) {}
    /// Returns the breaker once, and only if it is still in the state in which it gave this permit; else null.
    CircuitBreaker* take();

    CircuitBreaker* breaker_;
    std::uint64_t round_;
  };

  CircuitBreaker(const Clock& clock, Options options) : clock_(clock), options_(options) {}
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Returns nothing while open, or while another request is testing the provider.
  std::optional<Permit> admit();
  State state() const;
  /// Returns how long the breaker stays open; nothing when it is not.
  std::optional<std::chrono::milliseconds> retry_in() const;

 private:
  void open(std::optional<std::chrono::milliseconds> pause);

  const Clock& clock_;
  const Options options_;
  std::optional<SteadyTime> open_until_;  // none: closed
  bool is_probed_ = false;
  std::size_t failures_ = 0;  // in a row, while closed
  std::uint64_t round_ = 0;   // counts openings and closings: results of requests from before the last one are ignored
};

std::string_view to_string(CircuitBreaker::State state);

}  // namespace strawberry::bridge
