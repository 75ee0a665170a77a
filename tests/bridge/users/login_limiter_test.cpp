#include "bridge/users/login_limiter.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

class LoginLimits : public ::testing::Test {
 protected:
  test::FakeClock clock_;
  LoginLimiter::Options options_{.free_per_user = 3,
                                 .free_per_address = 6,
                                 .first_pause = 1s,
                                 .pause_max = 8s,
                                 .forgotten_after = 1h,
                                 .entries_max = 4};
};

TEST_F(LoginLimits, PausesDoubleOnceTheFreeAttemptsAreUsedUp) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.attempt("192.0.2.1", "alice")) << i;
  for (const auto pause : {1'000ms, 2'000ms, 4'000ms, 8'000ms, 8'000ms}) {
    EXPECT_EQ(limiter.attempt("192.0.2.1", "alice"), pause);
    clock_.advance(pause - 1ms);
    EXPECT_EQ(limiter.attempt("192.0.2.1", "alice"), 1ms);
    clock_.advance(1ms);
    EXPECT_FALSE(limiter.attempt("192.0.2.1", "alice")) << "the pause is over";
  }
}

TEST_F(LoginLimits, NobodyIsKeptOutByWhatOthersTryFromElsewhere) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 5; ++i) (void)limiter.attempt("192.0.2.1", "alice");
  EXPECT_TRUE(limiter.attempt("192.0.2.1", "alice"));
  EXPECT_FALSE(limiter.attempt("192.0.2.2", "alice")) << "the rightful user is elsewhere";
}

TEST_F(LoginLimits, OneAddressMayNotTryAllUsers) {
  LoginLimiter limiter(clock_, options_);
  int allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += limiter.attempt("192.0.2.1", "user" + std::to_string(i)) ? 0 : 1;
  EXPECT_EQ(allowed, 6);
}

TEST_F(LoginLimits, AddressesOfOneNetworkOfIpv6AreOne) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 5; ++i) (void)limiter.attempt("2001:db8:1:2::1", "alice");
  EXPECT_TRUE(limiter.attempt("2001:db8:1:2:ffff::9", "alice"));
  EXPECT_FALSE(limiter.attempt("2001:db8:1:3::1", "alice"));
}

TEST_F(LoginLimits, AddressesOfIpv4WithinIpv6AreNotOne) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 5; ++i) (void)limiter.attempt("::ffff:192.0.2.1", "alice");
  EXPECT_TRUE(limiter.attempt("192.0.2.1", "alice"));
  EXPECT_FALSE(limiter.attempt("::ffff:192.0.2.2", "alice"));
}

TEST_F(LoginLimits, WhatIsNoAddressCountsByItself) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 5; ++i) (void)limiter.attempt("token of phone", "alice");
  EXPECT_TRUE(limiter.attempt("token of phone", "alice"));
  EXPECT_FALSE(limiter.attempt("token of tablet", "alice"));
}

TEST_F(LoginLimits, ASuccessFreesTheUserAtThatAddress) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.attempt("192.0.2.1", "alice"));
  limiter.forgive("192.0.2.1", "alice");
  EXPECT_FALSE(limiter.attempt("192.0.2.1", "alice"));
}

TEST_F(LoginLimits, TheLongestUnusedEntryIsForgottenAtTheLimit) {
  LoginLimiter limiter(clock_, options_);
  for (int i = 0; i < 50; ++i) (void)limiter.attempt("192.0.2." + std::to_string(i), "alice");
  EXPECT_EQ(limiter.entries(), 8U);
}

}  // namespace
}  // namespace strawberry::bridge
