/// Limits how often each user may do something in a period. Pure.
///
/// A token bucket per user, full at first: all of a period's tokens may be used at once, and one is added every period
/// / max.
/// Threading: none of its own.   Bounds: Options::users_max; the user that was idle longest is forgotten.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/text/clock.h"

namespace strawberry {

/// The bucket of one user.
struct RateBucket {
  SteadyTime full_at{};

  /// Takes one token; or returns how long it takes until there is one. `max` is at least 1.
  std::optional<std::chrono::nanoseconds> take(SteadyTime now, std::chrono::nanoseconds period, std::int64_t max) {
    const auto full_then = std::max(full_at, now) + period / max;
    if (full_then > now + period) return full_then - now - period;
    full_at = full_then;
    return std::nullopt;
  }
  /// Returns a token that take() took.
  void give_back(std::chrono::nanoseconds period, std::int64_t max) { full_at -= period / max; }
};

class UserRate {
 public:
  struct Options {
    std::int64_t max = 0;  // 0: no limit
    std::chrono::nanoseconds period = std::chrono::hours(1);
    std::size_t users_max = 10'000;
  };
  UserRate(const Clock& clock, Options options) : clock_(clock), options_(options) {}

  /// Takes one of the user's tokens; or returns how long it takes until there is one.
  std::optional<std::chrono::nanoseconds> take(const std::string& user_id) {
    if (options_.max == 0) return std::nullopt;
    return find(user_id).take(clock_.steady_now(), options_.period, options_.max);
  }
  std::size_t users() const { return users_.size(); }

 private:
  struct User {
    std::string id;
    RateBucket bucket;
  };
  RateBucket& find(const std::string& user_id) {
    const auto known = users_.find(user_id);
    if (known != users_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, known->second);
      return by_use_.front().bucket;
    }
    if (users_.size() >= std::max<std::size_t>(options_.users_max, 1)) {
      users_.erase(by_use_.back().id);
      by_use_.pop_back();
    }
    by_use_.push_front({user_id, {}});
    users_.emplace(by_use_.front().id, by_use_.begin());
    return by_use_.front().bucket;
  }

  const Clock& clock_;
  const Options options_;
  std::list<User> by_use_;                                                 // most recently used first
  std::unordered_map<std::string_view, std::list<User>::iterator> users_;  // keys are the ids in by_use_
};

}  // namespace strawberry
