#include "common/runtime/user_rate.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;

TEST(UserRate, AllOfAPeriodMayComeAtOnceAndComeBackOneByOne) {
  test::FakeClock clock;
  UserRate rate(clock, {3, 1h, 10});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(rate.take("alice")) << i;
  EXPECT_EQ(rate.take("alice"), 20min);
  EXPECT_FALSE(rate.take("bob")) << "each user has a rate of their own";
  clock.advance(20min - 1ns);
  EXPECT_EQ(rate.take("alice"), 1ns) << "being refused costs nothing";
  clock.advance(1ns);
  EXPECT_FALSE(rate.take("alice"));
  EXPECT_TRUE(rate.take("alice"));
}

TEST(UserRate, ZeroIsNoLimit) {
  test::FakeClock clock;
  UserRate rate(clock, {0, 1h, 10});
  for (int i = 0; i < 1'000; ++i) ASSERT_FALSE(rate.take("alice"));
  EXPECT_EQ(rate.users(), 0U) << "and nobody is remembered";
}

TEST(UserRate, TheOneNotHeardOfForLongestIsForgotten) {
  test::FakeClock clock;
  UserRate rate(clock, {1, 1h, 2});
  EXPECT_FALSE(rate.take("alice"));
  EXPECT_FALSE(rate.take("bob"));
  EXPECT_TRUE(rate.take("alice"));  // known again
  EXPECT_FALSE(rate.take("carol"));
  EXPECT_EQ(rate.users(), 2U);
  EXPECT_TRUE(rate.take("alice")) << "still known";
  EXPECT_FALSE(rate.take("bob")) << "forgotten for carol";
}

}  // namespace
}  // namespace strawberry
