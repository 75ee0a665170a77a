/// Shared by all parties of a fault run: the ledger, random numbers, and scheduled actions.
///
/// Threading: one thread.   Bounds: none of its own; the run has a fixed length.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <utility>

#include "tests/soak/ledger.h"

namespace strawberry::soak {

inline Time now() { return std::chrono::steady_clock::now(); }

class Stage {
 public:
  explicit Stage(std::uint64_t seed) : random_(seed) {}

  Ledger ledger;

  /// From `low` to `high`, both included.
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool one_in(int n) { return between(1, n) == 1; }
  milliseconds ms_between(int low, int high) { return milliseconds(between(low, high)); }

  void after(milliseconds wait, std::function<void()> what) { later_.emplace(now() + wait, std::move(what)); }
  void do_what_is_due() {
    while (!later_.empty() && later_.begin()->first <= now()) later_.extract(later_.begin()).mapped()();
  }
  milliseconds until_next(milliseconds at_most) const {
    if (later_.empty()) return at_most;
    const auto left = std::chrono::ceil<milliseconds>(later_.begin()->first - now());
    return std::clamp(left, milliseconds(0), at_most);
  }

  /// Records a broken promise that was seen during the run.
  void report(const char* promise, const std::string& what) { ledger.sightings.push_back({promise, what}); }

 private:
  std::mt19937_64 random_;
  std::multimap<Time, std::function<void()>> later_;
};

}  // namespace strawberry::soak
