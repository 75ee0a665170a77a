#include "broker-plugin/login_limiter.h"

#include <algorithm>
#include <chrono>

#include "common/text/network_of.h"

namespace strawberry::plugin {

LoginLimiter::Verdict LoginLimiter::failed(std::string_view address) {
  if (options_.failures_at_once_max == 0) return Verdict::within;
  const std::string network = network_of(address);
  if (network.empty()) return Verdict::within;
  Failures& failures = failures_of(network);
  failures.remaining = remaining_now(failures);
  failures.counted_at = clock_.steady_now();
  if (failures.remaining >= 1) {
    failures.remaining -= 1;
    failures.is_beyond = false;
    return Verdict::within;
  }
  const bool first = !failures.is_beyond;
  failures.is_beyond = true;
  return first ? Verdict::just_beyond : Verdict::beyond;
}

std::size_t LoginLimiter::limited() const {
  return static_cast<std::size_t>(std::count_if(by_age_.begin(), by_age_.end(), [this](const Failures& failures) {
    return failures.is_beyond && remaining_now(failures) < 1;
  }));
}

double LoginLimiter::remaining_now(const Failures& failures) const {
  const std::chrono::duration<double, std::ratio<60>> minutes = clock_.steady_now() - failures.counted_at;
  const double regained = minutes.count() * static_cast<double>(options_.failures_per_minute_max);
  return std::min(failures.remaining + regained, static_cast<double>(options_.failures_at_once_max));
}

LoginLimiter::Failures& LoginLimiter::failures_of(std::string_view address) {
  if (const auto known = by_address_.find(address); known != by_address_.end()) {
    by_age_.splice(by_age_.end(), by_age_, known->second);
    return *known->second;
  }
  if (by_age_.size() >= options_.addresses_max) {
    by_address_.erase(by_age_.front().address);
    by_age_.pop_front();
  }
  by_age_.push_back(
      {std::string(address), static_cast<double>(options_.failures_at_once_max), clock_.steady_now(), false});
  const auto added = std::prev(by_age_.end());
  by_address_.emplace(added->address, added);
  return *added;
}

}  // namespace strawberry::plugin
