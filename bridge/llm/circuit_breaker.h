/// Spares a provider that keeps failing, and those who would wait for it: after failures_max in a row it is not asked
/// for a while (open), then by one request at a time (half-open) until one succeeds (closed).
///
/// Threading: loop only.   Lifetime: outlives its permits, as does the clock.   Errors: none.
/// Bounds: Options; a pause that the provider asked for replaces open_for, so the caller bounds it from above; from
/// below pause_min does, as one that is over at once would spare nobody.
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

  /// Leave to ask once. Gone without a word (a chat that was cancelled), it says nothing about the provider.
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
    /// The breaker, once, and only if it is still in the state in which it gave this.
    CircuitBreaker* take();

    CircuitBreaker* breaker_;
    std::uint64_t round_;
  };

  CircuitBreaker(const Clock& clock, Options options) : clock_(clock), options_(options) {}
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Nothing while open, or while another request is finding out.
  std::optional<Permit> admit();
  State state() const;
  /// While open: how long still.
  std::optional<std::chrono::milliseconds> retry_in() const;

 private:
  void open(std::optional<std::chrono::milliseconds> pause);

  const Clock& clock_;
  const Options options_;
  std::optional<SteadyTime> open_until_;  // none: closed
  bool is_probed_ = false;
  std::size_t failures_ = 0;  // in a row, while closed
  std::uint64_t round_ = 0;   // counts openings and closings: what was asked before the last says nothing now
};

std::string_view to_string(CircuitBreaker::State state);

}  // namespace strawberry::bridge
