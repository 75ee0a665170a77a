#include "bridge/llm/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace strawberry::bridge {

CircuitBreaker::Permit::Permit(Permit&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)), round_(other.round_) {}

CircuitBreaker::Permit::~Permit() {
  if (auto* breaker = take()) breaker->is_probed_ = false;
}

CircuitBreaker* CircuitBreaker::Permit::take() {
  auto* breaker = std::exchange(breaker_, nullptr);
  return breaker != nullptr && breaker->round_ == round_ ? breaker : nullptr;
}

void CircuitBreaker::Permit::succeeded() {
  auto* breaker = take();
  if (breaker == nullptr) return;
  breaker->failures_ = 0;
  if (!breaker->open_until_) return;
  breaker->open_until_.reset();
  breaker->is_probed_ = false;
  ++breaker->round_;
}

void CircuitBreaker::Permit::failed(std::optional<std::chrono::milliseconds> pause) {
  auto* breaker = take();
  if (breaker == nullptr) return;
  if (breaker->open_until_ || ++breaker->failures_ >= breaker->options_.failures_max) breaker->open(pause);
}

void CircuitBreaker::open(std::optional<std::chrono::milliseconds> pause) {
  open_until_ = clock_.steady_now() + (pause ? std::max(*pause, pause_min) : options_.open_for);
  is_probed_ = false;
  failures_ = 0;
  ++round_;
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::admit() {
  const State now = state();
  if (now == State::open || (now == State::half_open && is_probed_)) return std::nullopt;
  is_probed_ = now == State::half_open;
  return Permit(*this, round_);
}

CircuitBreaker::State CircuitBreaker::state() const {
  if (!open_until_) return State::closed;
  return clock_.steady_now() < *open_until_ ? State::open : State::half_open;
}

std::optional<std::chrono::milliseconds> CircuitBreaker::retry_in() const {
  if (!open_until_) return std::nullopt;
  const auto left = *open_until_ - clock_.steady_now();  // looked at once: it may end between two looks
  if (left.count() <= 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(left);
}

std::string_view to_string(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::closed: return "closed";
    case CircuitBreaker::State::open: return "open";
    case CircuitBreaker::State::half_open: return "half_open";
  }
  return "closed";
}

}  // namespace strawberry::bridge
