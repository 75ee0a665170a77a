/// Values that are kept for a short time under a secret that its holder presents: sessions, questions, codes.
///
/// Threading: loop only.   Bounds: `max` entries, the oldest is dropped; each expires after `lifetime`.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/text/base64url.h"
#include "common/text/clock.h"
#include "common/text/ids.h"
#include "common/text/sha256.h"

namespace strawberry::gateway::oauth {

/// 244 random bits, as base64url.
inline std::string new_secret() {
  const Sha256 hash = sha256(new_id() + new_id());
  return base64url_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

template <class Value>
class Expiring {
 public:
  Expiring(const Clock& clock, std::chrono::seconds lifetime, std::size_t max)
      : clock_(clock), lifetime_(lifetime), max_(max) {}

  /// Keeps a value and returns its new secret.
  std::string put(Value value) {
    std::string secret = new_secret();
    put(secret, std::move(value));
    return secret;
  }
  void put(const std::string& secret, Value value) {
    forget_old();
    while (values_.size() >= max_) forget_first();
    const SteadyTime end = clock_.steady_now() + lifetime_;
    values_.insert_or_assign(secret, Kept{std::move(value), end});
    order_.emplace_back(secret, end);
    // Removes the order entries of values that were taken.
    if (order_.size() > 2 * max_) std::erase_if(order_, [&](const auto& one) { return !values_.contains(one.first); });
  }
  /// Returns null when there is none, or it has expired. Valid until the next call.
  Value* find(const std::string& secret) {
    forget_old();
    const auto found = values_.find(secret);
    return found == values_.end() ? nullptr : &found->second.value;
  }
  /// Removes the value and returns it.
  std::optional<Value> take(const std::string& secret) {
    if (find(secret) == nullptr) return std::nullopt;
    return std::move(values_.extract(secret).mapped().value);
  }
  std::size_t size() const { return values_.size(); }

 private:
  struct Kept {
    Value value;
    SteadyTime end;
  };

  void forget_first() {
    const auto [secret, end] = order_.front();
    order_.pop_front();
    const auto found = values_.find(secret);
    if (found != values_.end() && found->second.end == end) values_.erase(found);
  }
  void forget_old() {
    while (!order_.empty() && (order_.front().second <= clock_.steady_now() || !values_.contains(order_.front().first)))
      forget_first();
  }

  const Clock& clock_;
  const std::chrono::seconds lifetime_;
  const std::size_t max_;
  std::unordered_map<std::string, Kept> values_;
  std::deque<std::pair<std::string, SteadyTime>> order_;  // by expiry: all have the same lifetime
};

}  // namespace strawberry::gateway::oauth
