#include "common/contract/recent_calls.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;

std::string answer_in(RecentCalls& calls, const std::string& id) {
  const auto* answer = calls.answer_to(id);
  return answer != nullptr ? *answer : "(new)";
}

TEST(RecentCalls, ACallThatComesAgainHasItsFirstAnswer) {
  test::FakeClock clock;
  RecentCalls calls(clock, {});
  EXPECT_EQ(answer_in(calls, "1"), "(new)");
  calls.remember("1", "played");
  calls.remember("1", "played again");
  EXPECT_EQ(answer_in(calls, "1"), "played");
  EXPECT_EQ(answer_in(calls, "2"), "(new)");
  EXPECT_EQ(calls.size(), 1U);
}

TEST(RecentCalls, AreRememberedForTenMinutesFromTheirFirstAnswer) {
  test::FakeClock clock;
  RecentCalls calls(clock, {});
  calls.remember("1", "played");
  clock.advance(10min - 1ms);
  EXPECT_EQ(answer_in(calls, "1"), "played");
  clock.advance(1ms);
  EXPECT_EQ(answer_in(calls, "1"), "(new)") << "asking does not make it younger";
  EXPECT_EQ(calls.bytes(), 0U);
  calls.remember("1", "stopped");
  EXPECT_EQ(answer_in(calls, "1"), "stopped");
}

TEST(RecentCalls, TheOldestMakesRoomWhenThereAreTooMany) {
  test::FakeClock clock;
  RecentCalls calls(clock, {10min, 3, 1000});
  for (const auto* id : {"1", "2", "3", "4"}) calls.remember(id, "x");
  EXPECT_EQ(calls.size(), 3U);
  EXPECT_EQ(answer_in(calls, "1"), "(new)");
  EXPECT_EQ(answer_in(calls, "2"), "x");
}

TEST(RecentCalls, TheOldestMakeRoomWhenTheyAreTooLarge) {
  test::FakeClock clock;
  RecentCalls calls(clock, {10min, 100, 1000});
  calls.remember("1", std::string(500, 'x'));
  calls.remember("2", std::string(400, 'x'));
  calls.remember("3", std::string(590, 'x'));
  EXPECT_EQ(answer_in(calls, "1"), "(new)");
  EXPECT_EQ(answer_in(calls, "2").size(), 400U);
  EXPECT_EQ(answer_in(calls, "3").size(), 590U);
  calls.remember("4", std::string(1001, 'x'));  // larger than the limit: it is not kept, and nothing else is lost
  EXPECT_EQ(calls.size(), 0U);
  EXPECT_EQ(calls.bytes(), 0U);
}

}  // namespace
}  // namespace strawberry
