#include "bridge/pipeline/reply_cache.h"

#include <gtest/gtest.h>

#include "common/contract/envelope.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

TEST(ReplyCache, ARequestIsNewThenRunningThenAnswered) {
  test::FakeClock clock;
  ReplyCache cache(clock, {});
  EXPECT_TRUE(cache.begin("k").is_new());
  EXPECT_TRUE(cache.begin("k").running);
  cache.finish("k", "alice", "reply");
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

TEST(ReplyCache, WhatAsksForSomethingElseUnderTheSameKeyIsAnother) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 10'000, 1'000});
  cache.begin("k", 1);
  EXPECT_TRUE(cache.begin("k", 2).is_another) << "while it runs";
  EXPECT_FALSE(cache.begin("k", 2).is_new());
  cache.finish("k", "alice", "reply");
  EXPECT_TRUE(cache.begin("k", 2).is_another) << "when it was answered";
  EXPECT_EQ(cache.begin("k", 2).payload, std::nullopt);
  EXPECT_EQ(cache.begin("k", 1).payload, "reply") << "which changed nothing";
  cache.begin("large", 1);
  cache.finish("large", "alice", std::string(20'000, 'x'));
  EXPECT_TRUE(cache.begin("large", 2).is_another) << "when its answer is no longer kept";
  clock.advance(10min);
  EXPECT_TRUE(cache.begin("k", 2).is_new());
}

TEST(ReplyCache, AnAnswerIsRememberedForItsLifetimeNotLonger) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 1 << 20, 1'000});
  cache.begin("k");
  cache.finish("k", "alice", "reply");
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
  ReplyCache cache(clock, {10min, 10'000, 1'000});
  cache.begin("running");
  for (int i = 0; i < 100; ++i) {
    const auto key = "k" + std::to_string(i);
    cache.begin(key);
    cache.finish(key, "alice", std::string(500, 'x'));
    EXPECT_LE(cache.bytes(), 10'000U);
  }
  EXPECT_TRUE(cache.begin("running").running);
  EXPECT_TRUE(cache.begin("k99").payload);
  EXPECT_TRUE(cache.begin("k0").ran);
  EXPECT_EQ(cache.begin("k0").payload, std::nullopt);
}

void ask(ReplyCache& cache, const std::string& key, const std::string& user, std::size_t bytes) {
  cache.begin(key);
  cache.finish(key, user, std::string(bytes, 'x'));
}

TEST(ReplyCache, AUsersAnswersPushOutThatUsersAlone) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 100'000, 1'000});
  ask(cache, "of alice", "alice", 20'000);
  for (int i = 0; i < 200; ++i) ask(cache, "m" + std::to_string(i), "mallory", 10'000);
  EXPECT_EQ(cache.begin("of alice").payload, std::string(20'000, 'x'));
  EXPECT_TRUE(cache.begin("m199").payload);
  EXPECT_FALSE(cache.begin("m0").payload);
  EXPECT_LE(cache.bytes(), 100'000U);
}

TEST(ReplyCache, ThatARequestRanIsKnownLongerThanItsAnswer) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 10'000, 1'000});
  ask(cache, "first", "alice", 5'000);
  for (int i = 0; i < 20; ++i) ask(cache, "k" + std::to_string(i), "alice", 5'000);
  clock.advance(10min - 1ms);
  EXPECT_TRUE(cache.begin("first").ran);
  EXPECT_FALSE(cache.begin("first").payload);
  clock.advance(1ms);
  EXPECT_TRUE(cache.begin("first").is_new());
}

TEST(ReplyCache, ManySmallRequestsOfAUserMakeTheHubForgetThatUsersAlone) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 1 << 20, 100});
  ask(cache, "of alice", "alice", 10);
  for (int i = 0; i < 1'000; ++i) ask(cache, "m" + std::to_string(i), "mallory", 1);
  EXPECT_EQ(cache.entries(), 100U);
  EXPECT_TRUE(cache.begin("of alice").ran);
  EXPECT_TRUE(cache.begin("m999").ran);
  EXPECT_TRUE(cache.begin("m0").is_new());
}

TEST(ReplyCache, AnAnswerThatIsTooLargeToKeepCostsNobodyElseTheirs) {
  test::FakeClock clock;
  ReplyCache cache(clock, {10min, 10'000, 100});
  ask(cache, "small", "alice", 4'000);
  ask(cache, "huge", "mallory", 50'000);
  EXPECT_TRUE(cache.begin("small").payload);
  EXPECT_TRUE(cache.begin("huge").ran);
  EXPECT_FALSE(cache.begin("huge").payload);
}

}  // namespace
}  // namespace strawberry::bridge
