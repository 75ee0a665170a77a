#include "bridge/llm/circuit_breaker.h"

#include <gtest/gtest.h>

#include <list>

#include "tests/support/fake_clock.h"
#include "tests/support/seeds.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public testing::Test {
 protected:
  void fail(int times = 1) {
    for (int i = 0; i < times; ++i) breaker.admit().value().failed();
  }
  test::FakeClock clock;
  CircuitBreaker breaker{clock, {}};
};

TEST_F(CircuitBreakerTest, OpensAfterFiveFailuresInARow) {
  fail(4);
  breaker.admit()->succeeded();
  fail(4);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_FALSE(breaker.retry_in());
  fail();
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.retry_in(), 30s);
  EXPECT_FALSE(breaker.admit());
}

TEST_F(CircuitBreakerTest, TriesOneAtATimeAfterThirtySeconds) {
  fail(5);
  clock.advance(30s - 1ms);
  EXPECT_FALSE(breaker.admit());
  clock.advance(1ms);
  EXPECT_EQ(breaker.state(), State::half_open);
  auto probe = breaker.admit();
  ASSERT_TRUE(probe);
  EXPECT_FALSE(breaker.admit());
  probe->succeeded();
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.admit());
}

TEST_F(CircuitBreakerTest, AFailedTryOpensItAgainAtOnce) {
  fail(5);
  clock.advance(30s);
  fail();
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.retry_in(), 30s);
}

TEST_F(CircuitBreakerTest, AnAbandonedTryLeavesThePlaceToTheNext) {
  fail(5);
  clock.advance(30s);
  { const auto probe = breaker.admit(); }
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_TRUE(breaker.admit());
}

TEST_F(CircuitBreakerTest, APauseThatWasAskedForReplacesItsOwn) {
  fail(4);
  breaker.admit()->failed(90s);
  EXPECT_EQ(breaker.retry_in(), 90s);
}

TEST_F(CircuitBreakerTest, APauseTooShortToSpareAnybodyLastsASecond) {
  fail(4);
  breaker.admit()->failed(1ms);
  EXPECT_EQ(breaker.retry_in(), 1s);
}

TEST_F(CircuitBreakerTest, WhatWasAskedBeforeItOpenedSaysNothingAfterwards) {
  auto early = breaker.admit();
  auto slow = breaker.admit();
  fail(5);
  early->succeeded();
  EXPECT_EQ(breaker.state(), State::open);
  clock.advance(30s);
  auto probe = breaker.admit();
  slow->failed();
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.admit()) << "the one that finds out is still on its way";
  probe->succeeded();
  EXPECT_EQ(breaker.state(), State::closed);
}

/// The same as a list of what happened: who was asked when, what the state was then.
struct Model {
  static constexpr std::size_t failures_max = 3;
  struct Asked {
    CircuitBreaker::Permit permit;
    int epoch;
  };

  State state(SteadyTime now) const {
    if (is_closed) return State::closed;
    return now < until ? State::open : State::half_open;
  }
  void enter(bool closed) {
    is_closed = closed;
    in_a_row = 0;
    probes = 0;
    ++epoch;
  }
  void succeeded(int asked_in) {
    if (asked_in != epoch) return;
    in_a_row = 0;
    if (!is_closed) enter(true);
  }
  void failed(int asked_in, SteadyTime open_until) {
    if (asked_in != epoch) return;
    if (is_closed && ++in_a_row < failures_max) return;
    until = open_until;
    enter(false);
  }
  void abandoned(int asked_in) {
    if (asked_in == epoch && !is_closed) probes = 0;
  }

  bool is_closed = true;
  SteadyTime until;
  std::size_t in_a_row = 0;
  int probes = 0;
  int epoch = 0;
};

TEST(CircuitBreakerProperty, DoesWhatASimpleModelDoes) {
  test::for_each_seed(300, [](test::Random& random) {
    test::FakeClock clock;
    CircuitBreaker breaker(clock, {Model::failures_max, 10s});
    Model model;
    std::list<Model::Asked> asked;
    std::size_t opened = 0;
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
      const auto now = clock.steady_now();
      const State expected = model.state(now);
      ASSERT_EQ(breaker.state(), expected);
      ASSERT_EQ(breaker.retry_in().has_value(), expected == State::open);
      if (expected == State::open) {
        ++opened;
        ASSERT_EQ(now + *breaker.retry_in(), model.until);
      }
      if (random.percent(20)) clock.advance(std::chrono::seconds(random.below(8)));
      if (asked.empty() || random.percent(40)) {
        const State then = model.state(clock.steady_now());
        const bool may = then == State::closed || (then == State::half_open && model.probes == 0);
        auto permit = breaker.admit();
        ASSERT_EQ(permit.has_value(), may);
        if (!permit) continue;
        if (then == State::half_open) ++model.probes;
        asked.push_back({std::move(*permit), model.epoch});
        continue;
      }
      const auto at = std::next(asked.begin(), static_cast<std::ptrdiff_t>(random.below(asked.size())));
      if (random.percent(25)) {
        at->permit.succeeded();
        model.succeeded(at->epoch);
      } else if (random.percent(80)) {
        const std::optional<std::chrono::milliseconds> pause =
            random.percent(30) ? std::optional<std::chrono::milliseconds>(25s) : std::nullopt;
        at->permit.failed(pause);
        model.failed(at->epoch, clock.steady_now() + pause.value_or(10s));
      } else {
        model.abandoned(at->epoch);
      }
      asked.erase(at);
    }
    EXPECT_GT(opened, 0u) << "a run that never opened it shows nothing";
  });
}

}  // namespace
}  // namespace strawberry::bridge
