// The limit for subscribed filters, and other limits of a client at the broker.
#include "broker-plugin/subscriptions.h"

#include <gtest/gtest.h>

#include "common/contract/topics.h"
#include "tests/broker-plugin/gate.h"

namespace strawberry::test {
namespace {

TEST(Subscriptions, LetAClientHaveSoManyFilters) {
  Subscriptions subscriptions({.client_filters_max = 2, .principal_filters_max = 100});
  EXPECT_TRUE(subscriptions.add("c", lamp, "a"));
  EXPECT_TRUE(subscriptions.add("c", lamp, "b"));
  EXPECT_FALSE(subscriptions.add("c", lamp, "c"));
  EXPECT_TRUE(subscriptions.add("c", lamp, "a")) << "the same again is none more";
  EXPECT_TRUE(subscriptions.add("d", lamp, "a"));
  subscriptions.remove("c", "x");
  EXPECT_FALSE(subscriptions.add("c", lamp, "c"));
  subscriptions.remove("c", "b");
  EXPECT_TRUE(subscriptions.add("c", lamp, "c"));
}

TEST(Subscriptions, LetAPrincipalHaveSoManyFilters) {
  Subscriptions subscriptions({.client_filters_max = 2, .principal_filters_max = 3});
  EXPECT_TRUE(subscriptions.add("c", lamp, "a"));
  EXPECT_TRUE(subscriptions.add("c", lamp, "b"));
  EXPECT_TRUE(subscriptions.add("d", lamp, "a"));
  EXPECT_FALSE(subscriptions.add("e", lamp, "a"));
  EXPECT_TRUE(subscriptions.add("f", speaker, "a"));
  subscriptions.forget("c");
  EXPECT_TRUE(subscriptions.add("e", lamp, "a"));
  EXPECT_TRUE(subscriptions.add("e", lamp, "b"));
  EXPECT_FALSE(subscriptions.add("d", lamp, "b"));
}

TEST(Subscriptions, LetAUserHaveSoManyFilters) {
  Subscriptions subscriptions({.client_filters_max = 10, .principal_filters_max = 10, .user_filters_max = 3});
  EXPECT_TRUE(subscriptions.add("c", speaker, "a"));
  EXPECT_TRUE(subscriptions.add("c", speaker, "b"));
  EXPECT_TRUE(subscriptions.add("d", tablet, "a"));
  EXPECT_FALSE(subscriptions.add("d", tablet, "b")) << "of the same user";
  EXPECT_TRUE(subscriptions.add("e", lamp, "b"));
  subscriptions.remove("c", "b");
  EXPECT_TRUE(subscriptions.add("d", tablet, "b"));
  subscriptions.forget_if([](std::string_view id) { return id == "d"; });
  EXPECT_TRUE(subscriptions.add("c", speaker, "b"));
  EXPECT_TRUE(subscriptions.add("c", speaker, "c"));
  EXPECT_FALSE(subscriptions.add("c", speaker, "d"));
}

TEST(Subscriptions, LetAPrincipalAndAUserHaveSoManyLevels) {
  Subscriptions subscriptions({.principal_levels_max = 10, .user_levels_max = 12});
  EXPECT_TRUE(subscriptions.add("c", speaker, "a/b/c/d/e/f"));
  EXPECT_FALSE(subscriptions.add("d", speaker, "a/b/c/d/e")) << "eleven";
  EXPECT_TRUE(subscriptions.add("d", speaker, "a/b/c/d"));
  EXPECT_FALSE(subscriptions.add("e", tablet, "a/b/c")) << "of the same user";
  EXPECT_TRUE(subscriptions.add("e", tablet, "a/b"));
  EXPECT_TRUE(subscriptions.add("f", lamp, "a/b/c/d"));
  subscriptions.remove("c", "a/b/c/d/e/f");
  EXPECT_TRUE(subscriptions.add("d", speaker, "a/b/c/d/e"));
  subscriptions.forget("d");
  EXPECT_TRUE(subscriptions.add("e", tablet, "a/b/c/d/e/f/g/h"));
}

TEST(Subscriptions, KnowWhoseSessionAClientIdIs) {
  Subscriptions subscriptions({.client_filters_max = 1, .principal_filters_max = 1});
  EXPECT_TRUE(subscriptions.add("c", lamp, "a"));
  EXPECT_TRUE(subscriptions.add("c", speaker, "b"));
  EXPECT_EQ(subscriptions.count_of("c"), 1U);
  EXPECT_TRUE(subscriptions.add("d", lamp, "a")) << "what the lamp had there is gone";
}

TEST(Subscriptions, ForgetWhoIsGone) {
  Subscriptions subscriptions({.client_filters_max = 1, .principal_filters_max = 2});
  subscriptions.add("c", lamp, "a");
  subscriptions.add("d", lamp, "a");
  EXPECT_FALSE(subscriptions.add("e", lamp, "a"));
  subscriptions.forget_if([](std::string_view id) { return id == "c"; });
  EXPECT_EQ(subscriptions.count_of("c"), 0U);
  EXPECT_TRUE(subscriptions.add("e", lamp, "a"));
}

// --- a client of the broker ---

class LimitedGate : public Gate {
 protected:
  LimitedGate() {
    Gatekeeper::Options options;
    options.subscriptions = {.client_filters_max = 2, .principal_filters_max = 100};
    options.connections.principal_connections_max = 3;
    make(options);
    EXPECT_TRUE(connect(1, lamp, "lamp"));
  }
  bool subscribes(int number, const Principal& who, const std::string& client_id, const std::string& filter) {
    auto event = topic(number, who, Access::subscribe, filter);
    event.client_id = client_id;
    return gate_->allows(event);
  }
  bool connect_clean(int number, const Principal& who, const std::string& client_id) {
    const std::string password = token(who, 1h);
    Login clean = login(number, client_id, password);
    clean.attempt.is_clean = true;
    return enters(clean);
  }
};

TEST_F(LimitedGate, ACallIsHeardOnceItsDeviceHasSubscribed) {
  end(1);
  ASSERT_TRUE(connect_clean(1, lamp, "lamp"));
  const auto is_heard = [this](const char* name) { return gate_->is_heard(topic(9, bridge, Access::write, name)); };
  EXPECT_FALSE(is_heard("skills/lamp/call")) << "connected, and not listening yet";
  subscribes(1, lamp, "lamp", "skills/lamp/response");
  EXPECT_FALSE(is_heard("skills/lamp/call"));
  subscribes(1, lamp, "lamp", "skills/lamp/call");
  subscribes(1, lamp, "lamp", "skills/lamp/call");
  EXPECT_TRUE(is_heard("skills/lamp/call"));
  EXPECT_FALSE(is_heard("skills/radio/call"));
  for (const char* other : {"skills/radio/response", "chat/radio/call", "hub/health"}) EXPECT_TRUE(is_heard(other));
  gate_->unsubscribed("lamp", "skills/lamp/call");
  EXPECT_FALSE(is_heard("skills/lamp/call"));
  subscribes(1, lamp, "lamp", "skills/lamp/call");
  end(1);
  EXPECT_FALSE(is_heard("skills/lamp/call"));
}

TEST_F(LimitedGate, ACallIsHeardByASessionThatStaysAndByOneThatIsResumed) {
  subscribes(1, lamp, "lamp", "skills/lamp/call");
  const auto is_heard = [this] { return gate_->is_heard(topic(9, bridge, Access::write, "skills/lamp/call")); };
  ASSERT_TRUE(connect(2, lamp, "second", 1h, /*session_may_stay=*/true));
  subscribes(2, lamp, "second", "skills/lamp/call");
  end(1);
  end(2);
  EXPECT_TRUE(is_heard()) << "the broker keeps it for the second client";
  make();  // the broker starts again
  EXPECT_FALSE(is_heard());
  ASSERT_TRUE(connect(3, lamp, "second", 1h, /*session_may_stay=*/true));
  EXPECT_TRUE(is_heard()) << "it may have subscribed before";
  end(3);
  EXPECT_FALSE(is_heard());
  ASSERT_TRUE(connect_clean(4, lamp, "second"));
  EXPECT_FALSE(is_heard());
}

TEST_F(LimitedGate, RefusesOneFilterTooMany) {
  EXPECT_TRUE(subscribes(1, lamp, "lamp", "skills/lamp/call"));
  EXPECT_TRUE(subscribes(1, lamp, "lamp", "skills/lamp/response"));
  EXPECT_FALSE(subscribes(1, lamp, "lamp", "chat/lamp/response"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=too_many_filters"));
  gate_->unsubscribed("lamp", "skills/lamp/call");
  EXPECT_TRUE(subscribes(1, lamp, "lamp", "chat/lamp/response"));
}

TEST_F(LimitedGate, CountsAgainWhenTheSessionHasEndedAndNotWhenItStays) {
  subscribes(1, lamp, "lamp", "skills/lamp/call");
  subscribes(1, lamp, "lamp", "skills/lamp/response");
  end(1);
  ASSERT_TRUE(connect(1, lamp, "lamp", 1h, /*session_may_stay=*/true));
  EXPECT_TRUE(subscribes(1, lamp, "lamp", "chat/lamp/response"));
  EXPECT_TRUE(subscribes(1, lamp, "lamp", "sessions/lamp/response"));
  end(1);
  ASSERT_TRUE(connect(1, lamp, "lamp", 1h, /*session_may_stay=*/true));
  EXPECT_FALSE(subscribes(1, lamp, "lamp", "skills/lamp/call"));
}

TEST_F(LimitedGate, LimitsNeitherBridgeNorAdmin) {
  for (int i = 0; i < 10; ++i) {
    const auto client_id = "admin-" + std::to_string(i);
    ASSERT_TRUE(connect(10 + i, admin, client_id));
    for (int n = 0; n < 10; ++n)
      EXPECT_TRUE(subscribes(10 + i, admin, client_id, "devices/d" + std::to_string(n) + "/status"));
  }
}

TEST_F(LimitedGate, RefusesOneConnectionTooMany) {
  ASSERT_TRUE(connect(2, lamp, "lamp-2"));
  ASSERT_TRUE(connect(3, lamp, "lamp-3"));
  EXPECT_FALSE(connect(4, lamp, "lamp-4"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=too_many_connections"));
  EXPECT_TRUE(connect(5, lamp, "lamp-3")) << "takes its own place";
  EXPECT_TRUE(connect(6, speaker, "speaker"));
  end(3);
  end(5);
  EXPECT_TRUE(connect(4, lamp, "lamp-4"));
}

class HoardingGate : public Gate {
 protected:
  HoardingGate() {
    Gatekeeper::Options options;
    options.connections.principal_stored_max = 3;
    options.connections.principal_left_max = 6;
    options.connections.user_stored_max = 5;
    make(options);
  }
  /// Connects, and leaves a session behind; with `is_told` the broker has reported it since.
  bool leaves(const Principal& who, const std::string& client_id, bool is_told = true) {
    if (!connect(1, who, client_id, 1h, /*session_may_stay=*/true)) return false;
    const std::string user_name = user_names_.at(handle(1));
    end(1);
    kept_[client_id] = user_name;
    if (is_told) broker_reloads();
    return true;
  }
  void broker_reloads() {
    gate_->reload();
    for (const auto& [client_id, user_name] : kept_) {
      Login question = login(99, client_id, "");
      question.attempt.user_name = user_name;
      question.address = "";
      EXPECT_TRUE(gate_->login(question).accepted());
    }
    gate_->tick();
  }
  std::map<std::string, std::string> kept_;  // by the broker
};

TEST_F(HoardingGate, LetsAPrincipalLeaveSoManySessions) {
  EXPECT_TRUE(leaves(lamp, "a"));
  EXPECT_TRUE(leaves(lamp, "b"));
  EXPECT_TRUE(leaves(lamp, "c"));
  EXPECT_FALSE(leaves(lamp, "d"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=too_many_sessions"));
  EXPECT_TRUE(leaves(lamp, "b")) << "has one already";
  EXPECT_TRUE(leaves(lamp, "lamp")) << "its own client id";
  EXPECT_TRUE(connect(2, lamp, "e")) << "leaves none";
  EXPECT_TRUE(leaves(speaker, "f"));
}

TEST_F(HoardingGate, LetsAUserLeaveSoManySessions) {
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(leaves(speaker, id));
  for (const char* id : {"d", "e"}) EXPECT_TRUE(leaves(tablet, id));
  EXPECT_FALSE(leaves(tablet, "f"));
  EXPECT_FALSE(leaves(alice, "g"));
  EXPECT_TRUE(leaves(lamp, "h"));
}

TEST_F(HoardingGate, DoesNotCountSessionsThatEndedWithTheirConnection) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = "visitor-" + std::to_string(i);
    ASSERT_TRUE(leaves(lamp, id, /*is_told=*/false)) << "as MQTT 5 clients without an expiry interval, " << i;
    kept_.clear();
    if (broker_.reload_requests == 0) continue;
    broker_.reload_requests = 0;
    kept_["somebody-elses"] = "user/alice/alice";
    broker_reloads();
    clock_.advance(10s);
  }
}

TEST_F(HoardingGate, RefusesWhoLeavesMoreThanTheBrokerCanTellOf) {
  int left = 0;
  for (int i = 0; i < 100; ++i) left += leaves(lamp, "hoard-" + std::to_string(i), /*is_told=*/false);
  EXPECT_EQ(left, 6);
  EXPECT_EQ(broker_.reload_requests, 1);
  broker_reloads();
  EXPECT_FALSE(leaves(lamp, "one-more"));
  kept_.clear();  // they have expired
  kept_["somebody-elses"] = "user/alice/alice";
  clock_.advance(10s);
  EXPECT_FALSE(leaves(lamp, "one-more")) << "the broker has not told yet";
  EXPECT_EQ(broker_.reload_requests, 2);
  broker_reloads();
  EXPECT_TRUE(leaves(lamp, "one-more"));
}

TEST_F(HoardingGate, LimitsNeitherBridgeNorAdmin) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(leaves(admin, "admin-" + std::to_string(i)));
}

TEST_F(LimitedGate, RefusesOneConnectionOfAUserTooMany) {
  Gatekeeper::Options options;
  options.connections.user_connections_max = 3;
  make(options);
  ASSERT_TRUE(connect(1, speaker, "speaker"));
  ASSERT_TRUE(connect(2, speaker, "speaker-2"));
  ASSERT_TRUE(connect(3, tablet, "tablet"));
  EXPECT_FALSE(connect(4, alice, "alice"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=too_many_connections"));
  EXPECT_TRUE(connect(5, tablet, "tablet")) << "takes its own place";
  EXPECT_TRUE(connect(6, lamp, "lamp"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(connect(10 + i, admin, "admin-" + std::to_string(i)));
  end(2);
  end(3);  // the one whose place was taken
  EXPECT_TRUE(connect(4, alice, "alice"));
}

TEST_F(LimitedGate, RefusesALargeStatusAlsoAsAWill) {
  const std::string largest(16 * 1024, ' ');
  EXPECT_TRUE(publishes(1, lamp, "devices/lamp/status", largest));
  EXPECT_FALSE(publishes(1, lamp, "devices/lamp/status", largest + " "));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=too_large"));
  EXPECT_TRUE(publishes(1, lamp, "skills/lamp/result", largest + " "));
  end(1);
  EXPECT_FALSE(gate_->allows(topic(1, lamp, Access::write, "devices/lamp/status", largest + " ")));
}

TEST_F(LimitedGate, RefusesTopicsOfManyLevels) {
  std::string topic_of_most = "skills/lamp/response";
  for (std::size_t levels = 3; levels < topic_levels_max; ++levels) topic_of_most += "/a";
  EXPECT_TRUE(subscribes(1, lamp, "lamp", topic_of_most));
  EXPECT_FALSE(subscribes(1, lamp, "lamp", topic_of_most + "/a"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("reason=not_canonical"));
}

}  // namespace
}  // namespace strawberry::test
