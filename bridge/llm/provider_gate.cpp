#include "bridge/llm/provider_gate.h"

#include <algorithm>
#include <utility>

#include "bridge/llm/failure_policy.h"
#include "bridge/pipeline/request_log.h"

namespace strawberry::bridge {
namespace {

constexpr std::chrono::seconds minute{60};

std::string wait_text(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

ProviderGate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), user_(std::move(other.user_)), permit_(std::move(other.permit_)) {}

ProviderGate::Pass::~Pass() {
  if (gate_ != nullptr) gate_->leave(user_);
}

void ProviderGate::Pass::succeeded() {
  const bool was_closed = gate_->breaker_.state() == CircuitBreaker::State::closed;
  permit_.succeeded();
  if (!was_closed && gate_->breaker_.state() == CircuitBreaker::State::closed)
    hub_log().info("{} answers again", gate_->name_);
}

void ProviderGate::Pass::failed_blameless() { ++gate_->counts_.failures; }

void ProviderGate::Pass::failed(const ProviderError& error) {
  ++gate_->counts_.failures;
  // Refused before anything was sent: that says nothing about the provider.
  if (error.reason == "unsupported") return;
  // A provider that finds fault with the request is there and well.
  if (!is_fault_of_provider(error)) return succeeded();
  const auto& breaker = gate_->breaker_;
  const bool was_open = breaker.state() == CircuitBreaker::State::open;
  permit_.failed(believable_retry_after(error));
  if (const auto wait = breaker.retry_in(); wait && !was_open)
    hub_log().warn("{} keeps failing and is not asked for {}", gate_->name_, wait_text(*wait));
}

namespace {

ProviderGate::Options with_share(ProviderGate::Options options) {
  auto& share = options.requests_in_flight_per_user_max;
  if (share == 0) share = std::max<std::size_t>(1, options.requests_in_flight_max / 2);
  return options;
}

}  // namespace

ProviderGate::ProviderGate(std::string name, const Clock& clock, Options options)
    : name_(std::move(name)), clock_(clock), options_(with_share(options)), breaker_(clock, options.breaker) {}

Result<ProviderGate::Pass, ProviderError> ProviderGate::enter(bool is_under_way, const std::string& user) {
  auto over = over_limit(user);
  if (over && !is_under_way) return tl::unexpected<ProviderError>(std::move(*over));
  auto permit = breaker_.admit();
  if (!permit) {
    const auto wait = breaker_.retry_in();
    return tl::unexpected<ProviderError>(refusal(
        "circuit_open", wait ? "it kept failing and is asked again in " + wait_text(*wait)
                             : std::string("it kept failing, and another request is finding out whether it is back")));
  }
  ++counts_.requests;
  ++in_flight_;
  ++in_flight_by_user_[user];
  if (options_.requests_per_minute_max > 0) {
    if (last_minute_.size() == options_.requests_per_minute_max) last_minute_.pop_front();
    last_minute_.push_back(clock_.steady_now());
  }
  return Pass(*this, std::move(*permit), user);
}

void ProviderGate::leave(const std::string& user) {
  --in_flight_;
  const auto found = in_flight_by_user_.find(user);
  if (--found->second == 0) in_flight_by_user_.erase(found);
}

std::optional<ProviderError> ProviderGate::over_limit(const std::string& user) {
  if (in_flight_ >= options_.requests_in_flight_max)
    return refusal("busy", "it has " + std::to_string(in_flight_) + " requests in flight, the most it may");
  if (const auto of_user = in_flight_by_user_.find(user);
      of_user != in_flight_by_user_.end() && of_user->second >= options_.requests_in_flight_per_user_max)
    return refusal("busy", "this user has " + std::to_string(of_user->second) +
                               " requests in flight there, the most one user may");
  const auto now = clock_.steady_now();
  while (!last_minute_.empty() && last_minute_.front() + minute <= now) last_minute_.pop_front();
  if (options_.requests_per_minute_max > 0 && last_minute_.size() >= options_.requests_per_minute_max)
    return refusal("busy", "it had " + std::to_string(last_minute_.size()) + " requests in a minute, the most it may");
  return std::nullopt;
}

ProviderError ProviderGate::refusal(std::string reason, std::string message) const {
  ProviderError error;
  error.provider = name_;
  error.reason = std::move(reason);
  error.message = std::move(message);
  return error;
}

}  // namespace strawberry::bridge
