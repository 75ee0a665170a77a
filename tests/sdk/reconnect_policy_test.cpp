#include "sdk/cpp/src/reconnect_policy.h"

#include <gtest/gtest.h>

#include <utility>

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

TEST(ReconnectPolicy, ABrokerThatIsStartedAgainAndAgainIsNoReasonToStop) {
  test::FakeClock clock;
  ReconnectPolicy policy({});
  for (int i = 0; i < 1'000; ++i) {
    policy.connected(clock.steady_now());
    clock.advance(1s);
    ASSERT_TRUE(policy.lost(LossCause::unreachable, clock.steady_now(), 0));
    ASSERT_TRUE(policy.lost(LossCause::unreachable, clock.steady_now(), 0)) << "nobody was there in between";
  }
}

TEST(ReconnectPolicy, ADayWithoutAHubIsTriedTwiceAMinuteAndNoMore) {
  test::FakeClock clock;
  for (const auto& [cause, attempts_max] : {std::pair{LossCause::unreachable, 24 * 60 * 60 / 24 + 10},
                                            std::pair{LossCause::refused, 24 * 60 * 60 / 48 + 10}}) {
    ReconnectPolicy policy({});
    policy.connected(clock.steady_now());
    clock.advance(1h);
    int attempts = 0;
    for (const auto until = clock.steady_now() + 24h; clock.steady_now() < until; ++attempts) {
      const auto pause = policy.lost(cause, clock.steady_now(), attempts % 2);
      ASSERT_TRUE(pause);
      ASSERT_LE(*pause, 60s);
      clock.advance(*pause);
    }
    EXPECT_LE(attempts, attempts_max);
    EXPECT_GE(attempts, 24 * 60) << "it is found within a minute of its return";
  }
}

}  // namespace
}  // namespace strawberry::sdk
