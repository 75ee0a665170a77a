#include "bridge/usage/user_limits.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

class UserLimitsTest : public testing::Test {
 protected:
  UserLimits limits(std::int64_t chats, std::int64_t tokens, std::size_t users_max = 10) {
    return UserLimits(clock_, {chats, tokens, users_max});
  }
  /// `ok`, or code and retry_after_ms.
  static std::string told(const std::optional<Error>& refused) {
    if (!refused) return "ok";
    return std::string(to_string(refused->code)) + " " + refused->details.at("retry_after_ms").dump();
  }
  test::FakeClock clock_;
};

TEST_F(UserLimitsTest, AMinutesChatsMayComeAtOnceAndComeBackOneByOne) {
  auto limited = limits(3, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(told(limited.admit("alice")), "ok") << i;
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 20000");
  clock_.advance(20s - 1ns);
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 1") << "rounded up: earlier would be too early";
  clock_.advance(1ns);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 20000");
  clock_.advance(1h);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(told(limited.admit("alice")), "ok") << "no more than a minute's worth";
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 20000");
}

TEST_F(UserLimitsTest, AUsersOwnLimitsHoldInsteadAndAtOnce) {
  UserLimitTable::Defaults defaults{};
  defaults[static_cast<std::size_t>(LimitKind::chats_per_minute)] = 2;
  UserLimitTable own(defaults);
  UserLimits limited(clock_, {.users_max = 10, .own = &own});
  own.set("alice", LimitKind::chats_per_minute, 1);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  EXPECT_EQ(limited.chats_now("alice").used, 1);
  EXPECT_EQ(limited.chats_now("alice").back_in, 60s);
  EXPECT_EQ(limited.users_out_of_chats(), 1);
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 60000");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(told(limited.admit("bob")), "ok");
  EXPECT_EQ(told(limited.admit("bob")), "rate_limited 30000");
  own.set("alice", LimitKind::chats_per_minute, 0);
  EXPECT_EQ(told(limited.admit("alice")), "ok") << "0: any number";
  own.set("alice", LimitKind::tokens_per_day, 10);
  limited.add_tokens("alice", utc_day(clock_), 10);
  EXPECT_EQ(limited.users_out_of_tokens(), 1);
  const auto refused = limited.admit("alice");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::quota_exceeded);
  EXPECT_EQ(refused->details.at("limit"), "chat_tokens_per_day");
  EXPECT_EQ(refused->details.at("max"), 10);
  own.set("alice", LimitKind::tokens_per_day, std::nullopt);
  EXPECT_EQ(told(limited.admit("alice")), "ok") << "the configuration's again: none";
  EXPECT_EQ(own.users(), 1u);
  own.forget("alice");
  EXPECT_EQ(own.users(), 0u);
}

TEST_F(UserLimitsTest, BeingRefusedCostsNothing) {
  auto limited = limits(1, 0);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(told(limited.admit("alice")), "rate_limited 60000");
  clock_.advance(60s);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
}

TEST_F(UserLimitsTest, WhatIsGivenBackMayBeTakenAgainAtOnce) {
  auto limited = limits(2, 0);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(told(limited.admit("alice")), "ok") << i;
    limited.give_back("alice");
  }
  EXPECT_EQ(limited.used_today("alice").chats, 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(told(limited.admit("alice")), "ok") << i;
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 30000");
}

TEST_F(UserLimitsTest, GivingBackNeverMakesMoreThanAMinutesWorth) {
  auto limited = limits(1, 0);
  limited.give_back("alice");
  EXPECT_EQ(limited.used_today("alice").chats, 0);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  EXPECT_EQ(told(limited.admit("alice")), "rate_limited 60000");
}

TEST_F(UserLimitsTest, TodaysChatsAndTokensAreKnownUntilMidnight) {
  auto limited = limits(2, 0);
  for (int i = 0; i < 3; ++i) limited.admit("alice");
  limited.add_tokens("alice", utc_day(clock_), 7);
  limited.add_chats("alice", utc_day(clock_), 10);
  EXPECT_EQ(limited.used_today("alice").chats, 12) << "one was refused";
  EXPECT_EQ(limited.used_today("alice").tokens, 7);
  EXPECT_EQ(limited.used_today("bob").chats, 0);
  clock_.advance(24h);
  EXPECT_EQ(limited.used_today("alice").chats + limited.used_today("alice").tokens, 0);
}

TEST_F(UserLimitsTest, EachUserHasLimitsOfTheirOwn) {
  auto limited = limits(1, 100);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  EXPECT_EQ(told(limited.admit("bob")), "ok");
  limited.add_tokens("alice", utc_day(clock_), 100);
  clock_.advance(60s);
  EXPECT_EQ(limited.admit("alice")->code, ErrorCode::quota_exceeded);
  EXPECT_EQ(told(limited.admit("bob")), "ok");
}

TEST_F(UserLimitsTest, ADaysTokensEndAtMidnightUtc) {
  auto limited = limits(0, 100);
  limited.add_tokens("alice", utc_day(clock_), 99);
  EXPECT_EQ(told(limited.admit("alice")), "ok") << "there is something left";
  limited.add_tokens("alice", utc_day(clock_), 1);
  clock_.advance(23h);
  const auto refused = limited.admit("alice");
  EXPECT_EQ(told(refused), "quota_exceeded 3600000");
  EXPECT_EQ(refused->details.at("ends_at"), "2026-01-02T00:00:00.000Z");
  clock_.advance(1h - 1ms);
  EXPECT_EQ(told(limited.admit("alice")), "quota_exceeded 1");
  clock_.advance(1ms);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
}

TEST_F(UserLimitsTest, WhoHasNoTokensLeftLosesNoChatOfTheMinute) {
  auto limited = limits(1, 100);
  limited.add_tokens("alice", utc_day(clock_), 100);
  clock_.advance(24h - 1s);
  EXPECT_EQ(limited.admit("alice")->code, ErrorCode::quota_exceeded);
  clock_.advance(1s);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
}

TEST_F(UserLimitsTest, ZeroIsNoLimit) {
  auto limited = limits(0, 0);
  limited.add_tokens("alice", utc_day(clock_), 1'000'000'000'000);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(told(limited.admit("alice")), "ok");
}

TEST_F(UserLimitsTest, TheOneNotHeardOfForLongestIsForgotten) {
  auto limited = limits(1, 0, 2);
  EXPECT_EQ(told(limited.admit("alice")), "ok");
  EXPECT_EQ(told(limited.admit("bob")), "ok");
  EXPECT_NE(told(limited.admit("alice")), "ok");  // heard of again
  EXPECT_EQ(told(limited.admit("carol")), "ok");
  EXPECT_EQ(limited.users(), 2U);
  EXPECT_NE(told(limited.admit("alice")), "ok") << "still known";
  EXPECT_EQ(told(limited.admit("bob")), "ok") << "forgotten for carol";
  EXPECT_EQ(limited.users(), 2U);
}

}  // namespace
}  // namespace strawberry::bridge
