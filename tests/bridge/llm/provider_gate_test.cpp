#include "bridge/llm/provider_gate.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

ProviderError failure(std::string reason, int status = 0) { return {"openai", std::move(reason), status, "no", false}; }

class ProviderGateTest : public testing::Test {
 protected:
  std::string reason(ProviderGate& gate, bool is_under_way = false, const std::string& user = "alice") {
    auto pass = gate.enter(is_under_way, user);
    return pass ? "" : pass.error().provider + " " + pass.error().reason;
  }
  void fail(ProviderGate& gate, const ProviderError& error, int times) {
    for (int i = 0; i < times; ++i) gate.enter(false, "bob")->failed(error);
  }
  test::FakeClock clock;
};

TEST_F(ProviderGateTest, AUserMayHaveHalfOfTheRequestsInFlight) {
  ProviderGate gate("openai", clock, {5, 0, {}});
  std::vector<ProviderGate::Pass> passes;
  for (int i = 0; i < 2; ++i) passes.push_back(std::move(*gate.enter(false, "mallory")));
  EXPECT_EQ(reason(gate, false, "mallory"), "openai busy");
  EXPECT_EQ(reason(gate, true, "mallory"), "") << "a turn under way is not broken off";
  EXPECT_EQ(reason(gate, false, "alice"), "");
  passes.pop_back();
  EXPECT_EQ(reason(gate, false, "mallory"), "");
}

TEST_F(ProviderGateTest, AUsersShareCanBeSetAndIsAtLeastOne) {
  ProviderGate set("openai", clock, {100, 0, {}, 1});
  const auto first = set.enter(false, "mallory");
  EXPECT_EQ(reason(set, false, "mallory"), "openai busy");
  EXPECT_EQ(reason(set, false, "alice"), "");
  ProviderGate one("openai", clock, {1, 0, {}});
  EXPECT_EQ(reason(one, false, "mallory"), "");
}

TEST_F(ProviderGateTest, LetsNoMoreInFlightThanItMay) {
  ProviderGate gate("openai", clock, {2, 0, {}, 2});
  std::vector<ProviderGate::Pass> passes;
  for (int i = 0; i < 2; ++i) passes.push_back(std::move(*gate.enter(false, "bob")));
  EXPECT_EQ(reason(gate), "openai busy");
  EXPECT_EQ(gate.counts().requests, 2u);
  passes.pop_back();
  EXPECT_EQ(reason(gate), "");
}

TEST_F(ProviderGateTest, LetsNoMoreBeginInAnySixtySecondsThanItMay) {
  ProviderGate gate("openai", clock, {10, 2, {}});
  EXPECT_EQ(reason(gate), "");
  clock.advance(40s);
  EXPECT_EQ(reason(gate), "");
  EXPECT_EQ(reason(gate), "openai busy");
  clock.advance(20s - 1ms);
  EXPECT_EQ(reason(gate), "openai busy");
  clock.advance(1ms);
  EXPECT_EQ(reason(gate), "");
  EXPECT_EQ(reason(gate), "openai busy");
}

TEST_F(ProviderGateTest, ItsLimitsDoNotBreakOffATurnUnderWay) {
  ProviderGate gate("openai", clock, {1, 1, {}});
  const auto other = gate.enter(false, "bob");
  EXPECT_EQ(reason(gate), "openai busy");
  EXPECT_EQ(reason(gate, true), "");
}

TEST_F(ProviderGateTest, AnOpenCircuitShutsItAlsoForATurnUnderWay) {
  ProviderGate gate("openai", clock, {});
  fail(gate, failure("status", 500), 5);
  EXPECT_EQ(reason(gate), "openai circuit_open");
  EXPECT_EQ(reason(gate, true), "openai circuit_open");
  EXPECT_EQ(gate.counts().requests, 5u);
  EXPECT_EQ(gate.counts().failures, 5u);
}

TEST_F(ProviderGateTest, TheRequestsOwnFaultsDoNotOpenTheCircuit) {
  ProviderGate gate("openai", clock, {});
  for (const int status : {400, 404, 422}) fail(gate, failure("status", status), 5);
  EXPECT_EQ(gate.breaker().state(), State::closed);
  fail(gate, failure("connect"), 4);
  fail(gate, failure("status", 400), 1);  // it is there: the row is broken
  fail(gate, failure("connect"), 4);
  EXPECT_EQ(gate.breaker().state(), State::closed);
  fail(gate, failure("unsupported"), 1);  // it was not asked
  fail(gate, failure("connect"), 1);
  EXPECT_EQ(gate.breaker().state(), State::open);
}

TEST_F(ProviderGateTest, KeepsAPauseThatTheServerAskedForWithinReason) {
  for (const auto& [wish, expected] : {std::pair{90'000ms, 90'000ms}, {120'001ms, 30'000ms}, {0ms, 30'000ms}}) {
    ProviderGate gate("openai", clock, {});
    auto error = failure("status", 429);
    error.retry_after = wish;
    fail(gate, error, 5);
    EXPECT_EQ(gate.breaker().retry_in(), expected);
  }
}

/// Goes on between two looks at it, as clocks do.
class RunningClock final : public Clock {
 public:
  WallTime wall_now() const override { return {}; }
  SteadyTime steady_now() const override { return now_ += 16s; }

 private:
  mutable SteadyTime now_{1h};
};

TEST_F(ProviderGateTest, APauseThatEndsWhileItIsLoggedIsNoTrouble) {
  const RunningClock running;
  ProviderGate gate("openai", running, {});
  fail(gate, failure("connect"), 5);
  EXPECT_EQ(gate.counts().failures, 5u);
}

}  // namespace
}  // namespace strawberry::bridge
