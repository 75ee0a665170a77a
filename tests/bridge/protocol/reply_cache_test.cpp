#include "bridge/protocol/reply_cache.h"

#include <gtest/gtest.h>

#include "bridge/protocol/envelope.h"
#include "tests/support/fake_clock.h"

namespace strawberry {
namespace {

using namespace std::chrono_literals;

TEST(ReplyCache, ARequestIsNewThenRunningThenAnswered) {
  test::FakeClock clock;
  ReplyCache cache(clock, {});
  EXPECT_TRUE(cache.begin("k").is_new());
  EXPECT_TRUE(cache.begin("k").running);
  cache.finish("k", "reply");
  EXPECT_EQ(cache.begin("k").payload, "reply");
  EXPECT_TRUE(cache.begin("other").is_new());
}

TEST(ReplyCache, SenderAndServiceAreWhatMakesARequestTheSame) {
  const Principal alice{PrincipalType::user, "alice", "alice"};
  const Principal bob{PrincipalType::user, "bob", "bob"};
  EXPECT_NE(request_identity(alice, Service::skills, "1", std::nullopt),
            request_identity(bob, Service::skills, "1", std::nullopt));
  EXPECT_NE(request_identity(alice, Service::skills, "1", std::nullopt),
            request_identity(alice, Service::chat, "1", std::nullopt));
  EXPECT_EQ(request_identity(alice, Service::skills, "1", std::nullopt),
            request_identity(alice, Service::skills, "1", std::nullopt));
}

TEST(ReplyCache, AnAnswerIsRememberedForItsLifetimeNotLonger) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 1 << 20});
  cache.begin("k");
  cache.finish("k", "reply");
  clock.advance(10min - 1ms);
  EXPECT_EQ(cache.begin("k").payload, "reply");
  clock.advance(1ms);
  EXPECT_TRUE(cache.begin("k").is_new());
}

TEST(ReplyCache, WhatWasTurnedAwayMayBeTriedAgain) {
  test::FakeClock clock;
  ReplyCache cache(clock, {});
  cache.begin("k");
  cache.forget("k");
  EXPECT_TRUE(cache.begin("k").is_new());
}

TEST(ReplyCache, OldAnswersMakeRoomAndRunningRequestsAreNotForgotten) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 10'000});
  cache.begin("running");
  for (int i = 0; i < 100; ++i) {
    const auto key = "k" + std::to_string(i);
    cache.begin(key);
    cache.finish(key, std::string(500, 'x'));
    EXPECT_LE(cache.bytes(), 10'000U);
  }
  EXPECT_TRUE(cache.begin("running").running);
  EXPECT_TRUE(cache.begin("k99").payload);
  EXPECT_TRUE(cache.begin("k0").is_new());
}

}  // namespace
}  // namespace strawberry
