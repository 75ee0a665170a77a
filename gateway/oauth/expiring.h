/// Values that are kept for a short time under a secret that its holder presents: sessions, questions, codes.
///
/// Threading: loop only.   Bounds: `max` entries, the oldest is dropped; of one owner a quarter of them, at least 1,
/// and then its own oldest is dropped, so that nobody pushes out what others have. Each expires after `lifetime`.
#pragma once

#include <algorithm>
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
      : clock_(clock), lifetime_(lifetime), max_(max), share_(std::max<std::size_t>(1, max / 4)) {}

  /// Keeps a value and returns its new secret. `owner`: the user in whose share it counts; empty for a value that is
  /// nobody's.
  std::string put(Value value, const std::string& owner = {}) {
    std::string secret = new_secret();
    put(secret, std::move(value), owner);
    return secret;
  }
  void put(const std::string& secret, Value value, const std::string& owner = {}) {
    forget_old();
    if (const auto known = values_.find(secret); known != values_.end()) erase(known);
    if (const auto own = owned_.find(owner); own != owned_.end() && own->second >= share_) forget_first_of(owner);
    while (values_.size() >= max_) forget_first();
    const SteadyTime end = clock_.steady_now() + lifetime_;
    values_.emplace(secret, Kept{std::move(value), owner, end});
    if (!owner.empty()) ++owned_[owner];
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
    const auto found = values_.find(secret);
    std::optional<Value> value = std::move(found->second.value);
    erase(found);
    return value;
  }
  std::size_t size() const { return values_.size(); }

 private:
  struct Kept {
    Value value;
    std::string owner;
    SteadyTime end;
  };
  using Values = std::unordered_map<std::string, Kept>;

  void erase(typename Values::iterator value) {
    const auto own = owned_.find(value->second.owner);
    if (own != owned_.end() && --own->second == 0) owned_.erase(own);
    values_.erase(value);
  }
  void forget_first() {
    const auto [secret, end] = order_.front();
    order_.pop_front();
    const auto found = values_.find(secret);
    if (found != values_.end() && found->second.end == end) erase(found);
  }
  void forget_first_of(const std::string& owner) {
    for (const auto& [secret, end] : order_) {
      const auto found = values_.find(secret);
      if (found != values_.end() && found->second.end == end && found->second.owner == owner) return erase(found);
    }
  }
  void forget_old() {
    while (!order_.empty() && (order_.front().second <= clock_.steady_now() || !values_.contains(order_.front().first)))
      forget_first();
  }

  const Clock& clock_;
  const std::chrono::seconds lifetime_;
  const std::size_t max_;
  const std::size_t share_;
  Values values_;
  std::unordered_map<std::string, std::size_t> owned_;    // values by owner
  std::deque<std::pair<std::string, SteadyTime>> order_;  // by expiry: all have the same lifetime
};

}  // namespace strawberry::gateway::oauth
