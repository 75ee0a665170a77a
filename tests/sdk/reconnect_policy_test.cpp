#include "sdk/cpp/src/reconnect_policy.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::sdk {
namespace {

using namespace std::chrono_literals;

TEST(ReconnectPolicy, PausesDoubleUpToTheirMaximum) {
  test::FakeClock clock;
  ReconnectPolicy policy({.pause_min = 500ms, .pause_max = 3'000ms});
  for (const auto expected : {500ms, 1'000ms, 2'000ms, 3'000ms, 3'000ms})
    EXPECT_EQ(policy.lost(LossCause::unreachable, clock.steady_now(), 0), expected);
}

TEST(ReconnectPolicy, APauseIsShortenedByAFifthAtMost) {
  test::FakeClock clock;
  EXPECT_EQ(ReconnectPolicy({.pause_min = 500ms}).lost(LossCause::unreachable, clock.steady_now(), 1), 400ms);
}

TEST(ReconnectPolicy, AConnectionThatLastedMakesThePausesShortAgain) {
  test::FakeClock clock;
  ReconnectPolicy policy({.pause_min = 500ms});
  policy.lost(LossCause::unreachable, clock.steady_now(), 0);
  policy.lost(LossCause::unreachable, clock.steady_now(), 0);
  policy.connected(clock.steady_now());
  clock.advance(6s);
  EXPECT_EQ(policy.lost(LossCause::unreachable, clock.steady_now(), 0), 500ms);
}

TEST(ReconnectPolicy, ARefusedTokenIsNotTriedOften) {
  test::FakeClock clock;
  ReconnectPolicy policy({});
  EXPECT_EQ(policy.lost(LossCause::refused, clock.steady_now(), 0), 2'000ms);
  for (int i = 0; i < 10; ++i) policy.lost(LossCause::refused, clock.steady_now(), 0);
  EXPECT_EQ(policy.lost(LossCause::refused, clock.steady_now(), 0), 60'000ms);
}

TEST(ReconnectPolicy, AConnectionThatWasTakenOverIsNotMadeAgain) {
  test::FakeClock clock;
  EXPECT_EQ(ReconnectPolicy({}).lost(LossCause::taken_over, clock.steady_now(), 0), std::nullopt);
}

TEST(ReconnectPolicy, ManyConnectionsThatNeverLastMeanThatTheDeviceRunsTwice) {
  test::FakeClock clock;
  ReconnectPolicy policy({.quick_losses_max = 3});
  for (int i = 0; i < 2; ++i) {
    policy.connected(clock.steady_now());
    clock.advance(1s);
    EXPECT_TRUE(policy.lost(LossCause::unreachable, clock.steady_now(), 0));
  }
  policy.connected(clock.steady_now());
  clock.advance(1s);
  EXPECT_EQ(policy.lost(LossCause::unreachable, clock.steady_now(), 0), std::nullopt);
}

}  // namespace
}  // namespace strawberry::sdk
