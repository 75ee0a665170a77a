// Limits for publishing: the accounts alone, and the effect on a connection that exceeds them.
#include "broker-plugin/rate_limits.h"

#include <gtest/gtest.h>

#include "tests/broker-plugin/gate.h"

namespace strawberry::test {
namespace {

using ::testing::Contains;
using Verdict = RateLimits::Verdict;

constexpr RateLimit none{};
const Principal speaker_of_alice{PrincipalType::device, "speaker", "alice"};
const Principal tablet_of_alice{PrincipalType::device, "tablet", "alice"};
const Principal lamp_of_bob{PrincipalType::device, "lamp", "bob"};

class Rates : public ::testing::Test {
 protected:
  /// Returns how many of `wanted` messages are accepted now.
  int let_through(RateLimits& rates, const Principal& principal, int wanted, std::size_t bytes = 1) {
    int count = 0;
    for (int i = 0; i < wanted; ++i) count += rates.published(principal, bytes) == Verdict::within;
    return count;
  }
  FakeClock clock_;
};

TEST_F(Rates, LetABurstThroughAndThenSoManyASecond) {
  RateLimits rates(clock_, {.principal = {10, 40, 0, 0}, .user = none});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 100), 40);
  clock_.advance(1s);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 100), 10);
  clock_.advance(100ms);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 100), 1);
  clock_.advance(1h);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 100), 40) << "no more than at once, however long it was silent";
}

TEST_F(Rates, CountBytesToo) {
  RateLimits rates(clock_, {.principal = {0, 0, 1'000, 4'000}, .user = none});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 10, 1'000), 4);
  clock_.advance(500ms);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 1, 501), 0);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 1, 500), 1);
}

TEST_F(Rates, LetAMessageThroughThatIsLargerThanABurst) {
  RateLimits rates(clock_, {.principal = {0, 0, 1'000, 4'000}, .user = none});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 2, 5'000), 1);
  clock_.advance(4s);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 2, 5'000), 1);
}

TEST_F(Rates, KeepPrincipalsApart) {
  RateLimits rates(clock_, {.principal = {1, 5, 0, 0}, .user = none});
  EXPECT_EQ(let_through(rates, speaker_of_alice, 50), 5);
  EXPECT_EQ(let_through(rates, tablet_of_alice, 50), 5);
  const Principal user_named_as_a_device{PrincipalType::user, "speaker", "speaker"};
  EXPECT_EQ(let_through(rates, user_named_as_a_device, 50), 5) << "ids of users and devices are of one space";
}

TEST_F(Rates, LimitAllOfAUsersTogether) {
  RateLimits rates(clock_, {.principal = {10, 10, 0, 0}, .user = {15, 15, 0, 0}});
  EXPECT_EQ(let_through(rates, speaker_of_alice, 50), 10);
  EXPECT_EQ(let_through(rates, tablet_of_alice, 50), 5);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 50), 10);
}

TEST_F(Rates, NeverLimitTheHubItself) {
  RateLimits rates(clock_, {.principal = {1, 1, 1, 1}, .user = {1, 1, 1, 1}});
  const Principal bridge{PrincipalType::bridge, "bridge", ""};
  const Principal admin{PrincipalType::admin, "admin", ""};
  EXPECT_EQ(let_through(rates, bridge, 20'000), 20'000);
  EXPECT_EQ(let_through(rates, admin, 20'000), 20'000);
}

TEST_F(Rates, CanBeTurnedOff) {
  RateLimits rates(clock_, {.principal = none, .user = none});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 20'000, 1'000'000), 20'000);
  EXPECT_EQ(rates.accounts(), 0U);
}

TEST_F(Rates, EndWhoGoesOnButNotWhoIsALittleTooFast) {
  RateLimits rates(clock_, {.principal = {10, 10, 0, 0}, .user = none});
  let_through(rates, lamp_of_bob, 10);
  for (std::size_t i = 0; i < RateLimits::refused_max; ++i) ASSERT_EQ(rates.published(lamp_of_bob, 1), Verdict::beyond);
  EXPECT_EQ(rates.published(lamp_of_bob, 1), Verdict::goes_on);
  EXPECT_EQ(rates.published(lamp_of_bob, 1), Verdict::beyond) << "and it is counted anew";

  for (int second = 0; second < 60; ++second) {
    clock_.advance(1s);
    for (std::size_t i = 0; i < RateLimits::refused_max / 2; ++i)
      ASSERT_NE(rates.published(speaker_of_alice, 1), Verdict::goes_on) << second;
  }
}

TEST_F(Rates, CountWhatIsRefusedForAnotherReason) {
  RateLimits rates(clock_, {});
  for (std::size_t i = 0; i < RateLimits::refused_max; ++i) ASSERT_EQ(rates.refused(lamp_of_bob), Verdict::beyond);
  EXPECT_EQ(rates.refused(lamp_of_bob), Verdict::goes_on);
  EXPECT_EQ(rates.published(lamp_of_bob, 1), Verdict::within) << "but takes nothing from what it may publish";
}

int let_in(RateLimits& rates, const Principal& principal, int attempts) {
  int in = 0;
  for (int i = 0; i < attempts; ++i) in += rates.connected(principal) ? 1 : 0;
  return in;
}

TEST_F(Rates, LimitHowOftenAPrincipalConnects) {
  RateLimits rates(clock_, {});
  EXPECT_EQ(let_in(rates, lamp_of_bob, 1'000), 200);
  EXPECT_EQ(let_in(rates, speaker_of_alice, 1'000), 200) << "each its own";
  clock_.advance(1s);
  EXPECT_EQ(let_in(rates, lamp_of_bob, 1'000), 20) << "what was refused took nothing";
  for (int i = 0; i < 100; ++i) {
    clock_.advance(100ms);
    ASSERT_EQ(let_in(rates, lamp_of_bob, 1), 1) << "ten times a second, as long as it likes: " << i;
  }
  EXPECT_EQ(let_through(rates, lamp_of_bob, 10), 10) << "publishing is counted apart";
}

TEST_F(Rates, LetTheHubItselfConnectAsItLikesAndEverybodyWhenTurnedOff) {
  RateLimits rates(clock_, {.principal = none, .user = none, .connections = {1, 1}});
  EXPECT_EQ(let_in(rates, {PrincipalType::bridge, "bridge", ""}, 1'000), 1'000);
  EXPECT_EQ(let_in(rates, {PrincipalType::admin, "admin", ""}, 1'000), 1'000);
  EXPECT_EQ(let_in(rates, lamp_of_bob, 1'000), 1);
  RateLimits off(clock_, {.principal = none, .user = none, .connections = {0, 0}});
  EXPECT_EQ(let_in(off, lamp_of_bob, 1'000), 1'000);
}

TEST_F(Rates, ForgetWhoHasNotConnectedForLongEnough) {
  RateLimits rates(clock_, {});
  let_in(rates, lamp_of_bob, 200);
  clock_.advance(9s);
  rates.tick();
  EXPECT_EQ(rates.accounts(), 1U) << "or it could begin anew too soon";
  EXPECT_EQ(let_in(rates, lamp_of_bob, 1'000), 180);
  clock_.advance(10s);
  rates.tick();
  EXPECT_EQ(rates.accounts(), 0U);
}

TEST_F(Rates, ForgetWhoIsSilent) {
  RateLimits rates(clock_, {.principal = {10, 10, 0, 0}, .user = {0, 0, 10, 10}});
  let_through(rates, lamp_of_bob, 20);
  rates.tick();
  EXPECT_EQ(rates.accounts(), 2U);
  clock_.advance(1s);
  rates.tick();
  EXPECT_EQ(rates.accounts(), 0U);
  EXPECT_EQ(let_through(rates, lamp_of_bob, 20), 10);
}

TEST_F(Rates, KeepNoMoreAccountsThanAreAllowed) {
  RateLimits rates(clock_, {.principal = {10, 10, 0, 0}, .user = none, .accounts_max = 2});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 20), 10);
  const auto stranger = [](int number) {
    return Principal{PrincipalType::device, "d" + std::to_string(number), "u" + std::to_string(number)};
  };
  int through = 0;
  for (int i = 0; i < 100; ++i) through += let_through(rates, stranger(i), 1);
  EXPECT_LE(through, 10) << "all others share one account";
  EXPECT_LE(rates.accounts(), 4U) << "and one that devices share, and one that users share";
}

TEST_F(Rates, ShareAnAccountOnlyAmongThoseWithTheSameLimits) {
  RateLimits rates(clock_, {.principal = {10, 10, 0, 0}, .user = {40, 40, 0, 0}, .accounts_max = 2});
  EXPECT_EQ(let_through(rates, lamp_of_bob, 5), 5);
  // All other principals find all accounts taken; the first of them is a device.
  int through = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    through += let_through(rates, {PrincipalType::device, "d" + id, "u" + id}, 1);
    through += let_through(rates, {PrincipalType::user, "u" + id, "u" + id}, 1);
  }
  EXPECT_EQ(through, 20) << "devices have ten messages, users have ten, and what is counted for users has forty";
}

// --- a connection ---

class FloodedGate : public Gate {
 protected:
  FloodedGate() {
    Gatekeeper::Options options;
    options.rates = {.principal = {10, 10, 0, 0}, .user = none};
    make(options);
    EXPECT_TRUE(connect(1, lamp, "lamp"));
    EXPECT_TRUE(connect(2, speaker, "speaker"));
  }
  bool sends(int number, const Principal& who, const std::string& topic_of) {
    return gate_->allows(topic(number, who, Access::write, topic_of, "{}"));
  }
};

TEST_F(FloodedGate, RefusesWhatIsBeyondAndSaysSo) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(sends(1, lamp, "skills/lamp/request"));
  EXPECT_FALSE(sends(1, lamp, "skills/lamp/request"));
  EXPECT_FALSE(sends(1, lamp, "skills/lamp/result"));
  EXPECT_FALSE(sends(1, lamp, "devices/lamp/status"));
  EXPECT_TRUE(sends(2, speaker, "skills/speaker/request"));
  gate_->tick();
  EXPECT_TRUE(broker_.kicked.empty());
  EXPECT_THAT(broker_.lines,
              Contains(HasSubstr("reason=rate_limited client_id=\"client\" principal=device/bob/lamp")).Times(3));
  EXPECT_EQ(broker_.audited.front().at("reason"), "rate_limited");
}

TEST_F(FloodedGate, EndsAConnectionThatGoesOn) {
  for (std::size_t i = 0; i < 10 + RateLimits::refused_max; ++i) sends(1, lamp, "skills/lamp/request");
  gate_->tick();
  EXPECT_TRUE(broker_.kicked.empty());
  sends(1, lamp, "skills/lamp/request");
  EXPECT_TRUE(broker_.kicked.empty()) << "not within the broker's callback";
  gate_->tick();
  ASSERT_EQ(broker_.kicked.size(), 1U);
  EXPECT_EQ(broker_.kicked.front().first, "lamp");
  EXPECT_TRUE(broker_.kicked.front().second) << "nobody has taken a right away";
}

TEST_F(FloodedGate, LeavesWhoWasEndedOutForAWhile) {
  for (std::size_t i = 0; i < 11 + RateLimits::refused_max; ++i) sends(1, lamp, "skills/lamp/request");
  gate_->tick();
  ASSERT_EQ(broker_.kicked.size(), 1U);
  clock_.advance(1s);  // otherwise the refusal would not be logged among so many
  EXPECT_FALSE(connect(3, lamp, "lamp"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("refused connect reason=rate_limited client_id=\"lamp\""));
  EXPECT_TRUE(connect(4, tablet, "tablet"));
  seconds_pass(static_cast<int>(RateLimits::time_out.count()) - 2);
  EXPECT_FALSE(connect(5, lamp, "lamp"));
  seconds_pass(1);
  EXPECT_TRUE(connect(6, lamp, "lamp"));
}

TEST_F(FloodedGate, RefusesWhoConnectsTooFastAndCountsOnlyWhoIsWhoItSays) {
  const std::string forged = token(tablet, 1h, "", "x");
  for (int number = 0; number < 1'000; ++number) {
    ASSERT_FALSE(enters(login(3, "tablet", forged)));
  }
  seconds_pass(60);  // the address may fail again, and be logged
  for (int number = 0; number < 200; ++number) {
    ASSERT_TRUE(connect(3, tablet, "tablet")) << number;
    end(3);
  }
  EXPECT_FALSE(connect(3, tablet, "tablet"));
  EXPECT_THAT(broker_.lines.back(), HasSubstr("refused connect reason=connecting_too_fast client_id=\"tablet\""));
  EXPECT_TRUE(connect(4, alice, "alice")) << "others of the user are not held back";
  clock_.advance(50ms);
  EXPECT_TRUE(connect(3, tablet, "tablet"));
}

TEST_F(FloodedGate, EndsAConnectionThatGoesOnWithWhatIsNotAllowed) {
  for (std::size_t i = 0; i <= RateLimits::refused_max; ++i) EXPECT_FALSE(sends(1, lamp, "skills/speaker/request"));
  gate_->tick();
  EXPECT_EQ(broker_.kicked.size(), 1U);
}

TEST_F(FloodedGate, EndsNobodyWhoTookOverTheBrokersHandle) {
  for (std::size_t i = 0; i < 11 + RateLimits::refused_max; ++i) sends(1, lamp, "skills/lamp/request");
  end(1);
  ASSERT_TRUE(connect(1, tablet, "tablet"));
  gate_->tick();
  EXPECT_TRUE(broker_.kicked.empty());
}

}  // namespace
}  // namespace strawberry::test
