/// Tests with random input: many runs, each from a seed, which is printed on failure and ends the test.
///
/// STRAWBERRY_SEED=17 runs only that one; STRAWBERRY_SEEDS=5000 runs that many.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace strawberry::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}

  /// 0 … bound - 1.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(generator_() % bound); }
  bool percent(std::size_t chance) { return below(100) < chance; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::mt19937_64 generator_;
};

/// Calls `run(Random&)` for the seeds 1 … `count`, until one fails.
template <class Run>
void for_each_seed(std::uint64_t count, Run run) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const auto only = number("STRAWBERRY_SEED", 0);
  const auto last = only != 0 ? only : number("STRAWBERRY_SEEDS", count);
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= last && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("STRAWBERRY_SEED=" + std::to_string(seed));
    Random random(seed);
    run(random);
  }
}

}  // namespace strawberry::test
