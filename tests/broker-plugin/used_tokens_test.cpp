// Which tokens the plugin tells the bridge of, and how often.
#include "broker-plugin/used_tokens.h"

#include <set>

#include "tests/broker-plugin/gate.h"

namespace strawberry::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TokenUseCounts : public ::testing::Test {
 protected:
  /// A round, and what was told in it.
  std::vector<TokenUse> told() {
    std::vector<TokenUse> all;
    tokens_.begin_round();
    for (auto uses = tokens_.take(); !uses.empty(); uses = tokens_.take()) {
      EXPECT_LE(uses.size(), token_uses_max);
      all.insert(all.end(), uses.begin(), uses.end());
    }
    return all;
  }

  FakeClock clock_;
  UsedTokens tokens_{clock_, {.interval = 60s, .tokens_max = 1'000, .per_round_max = 100}};
};

TEST_F(TokenUseCounts, TheFirstUseIsToldInTheNextRound) {
  tokens_.note("a");
  const WallTime used_at = clock_.wall_now();
  clock_.advance(1s);
  EXPECT_THAT(told(), ElementsAre(TokenUse{"a", used_at}));
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(TokenUseCounts, OfManyUsesInAMinuteTheLastIsToldOnce) {
  tokens_.note("a");
  EXPECT_EQ(told().size(), 1U);
  for (int second = 1; second < 60; ++second) {
    clock_.advance(1s);
    tokens_.note("a");
    EXPECT_THAT(told(), IsEmpty()) << second;
  }
  const WallTime last = clock_.wall_now();
  clock_.advance(1s);
  EXPECT_THAT(told(), ElementsAre(TokenUse{"a", last}));
}

TEST_F(TokenUseCounts, ATokenThatIsUsedNoLongerIsForgotten) {
  tokens_.note("a");
  told();
  EXPECT_EQ(tokens_.size(), 1U);
  clock_.advance(60s);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(tokens_.size(), 0U);
  tokens_.note("a");
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(TokenUseCounts, ARoundTellsOfSoManyAndTheNextGoesOn) {
  for (int i = 0; i < 250; ++i) tokens_.note("t" + std::to_string(i));
  std::set<std::string> seen;
  for (const std::size_t expected : {100U, 100U, 50U, 0U}) {
    const auto uses = told();
    EXPECT_EQ(uses.size(), expected);
    for (const TokenUse& use : uses) EXPECT_TRUE(seen.insert(use.jti).second) << use.jti;
  }
}

TEST_F(TokenUseCounts, TokensBeyondTheLimitArePassedOver) {
  for (int i = 0; i < 2'000; ++i) tokens_.note("t" + std::to_string(i));
  EXPECT_EQ(tokens_.size(), 1'000U);
  tokens_.note("t7");
  EXPECT_EQ(tokens_.size(), 1'000U);
}

TEST_F(TokenUseCounts, ATokenThatTheHubCannotHaveListedIsPassedOver) {
  for (const std::string& jti : {std::string(), std::string("a b"), std::string("ä"), std::string("\"},{"),
                                 std::string(129, 'x'), std::string("a\0b", 3)}) {
    tokens_.note(jti);
  }
  EXPECT_EQ(tokens_.size(), 0U);
  tokens_.note(std::string(128, 'x'));
  EXPECT_EQ(told().size(), 1U);
}

TEST(TokenUses, AreReadAsTheyWereWritten) {
  std::vector<TokenUse> uses;
  for (std::size_t i = 0; i < token_uses_max; ++i)
    uses.push_back({"program-" + std::to_string(100 + i) + std::string(117, 'x'), WallTime(1'767'225'600s)});
  EXPECT_EQ(read_token_uses(write_token_uses(uses)), uses) << "as many and as long as may be";
}

TEST(TokenUses, AreNoneInWhatIsNoSuchMessage) {
  std::string many = R"({"used":{"t":1)";
  for (std::size_t i = 0; i < token_uses_max; ++i) many += ",\"t" + std::to_string(i) + "\":1";
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(R"({"number":1})"), std::string(R"({"used":["a"]})"),
        std::string(R"({"used":{"a":"1"}})"), std::string(R"({"used":{"a":-1}})"), std::string(R"({"used":{"a":1.5}})"),
        std::string(R"({"used":{"a b":1}})"), std::string(R"({"used":{"a":18446744073709551615}})"),
        std::string(R"({"used":{"a":253402300800}})"), many + "}}"}) {
    EXPECT_FALSE(read_token_uses(text)) << text.substr(0, 80);
  }
  EXPECT_FALSE(read_acknowledgement(write_token_uses({{"a", WallTime(1s)}})));
}

class TokensInUse : public Gate {
 protected:
  bool comes(int number, const Principal& who, const std::string& jti) {
    const std::string client_id = "client-" + std::to_string(number);
    const std::string password = token(who, 24h, jti);
    return enters(login(number, client_id, password));
  }
  bool bridge_comes() {
    const std::string id(bridge_principal_id);
    return connect(9, {PrincipalType::bridge, id, ""}, id);
  }
  /// By jti, when it was last told as used, since the last time this was asked.
  std::map<std::string, WallTime> told() {
    std::map<std::string, WallTime> last;
    for (const auto& uses : std::exchange(broker_.told_uses, {}))
      for (const TokenUse& use : uses) last[use.jti] = use.used_at;
    return last;
  }
};

TEST_F(TokensInUse, AConnectionIsUseOfItsTokenWhenItComesAndWhenItGoes) {
  ASSERT_TRUE(bridge_comes());
  ASSERT_TRUE(comes(1, speaker, "t-speaker"));
  ASSERT_TRUE(comes(2, alice, "t-alice"));
  const WallTime came = clock_.wall_now();
  seconds_pass(1);
  EXPECT_THAT(told(), ElementsAre(std::pair("t-alice", came), std::pair("t-speaker", came)));
  seconds_pass(100);
  EXPECT_THAT(told(), IsEmpty()) << "nothing happens";
  end(1);
  const WallTime went = clock_.wall_now();
  seconds_pass(1);
  EXPECT_THAT(told(), ElementsAre(std::pair("t-speaker", went)));
}

TEST_F(TokensInUse, AnOpenConnectionIsUseOfItsTokenEveryTenMinutes) {
  ASSERT_TRUE(bridge_comes());
  ASSERT_TRUE(comes(1, speaker, "t"));
  seconds_pass(62);
  told();
  std::vector<int> minutes;
  for (int minute = 2; minute <= 55; ++minute) {  // until the token of the bridge expires
    seconds_pass(60);
    if (!told().empty()) minutes.push_back(minute);
  }
  EXPECT_THAT(minutes, ElementsAre(10, 20, 30, 40, 50));
}

TEST_F(TokensInUse, ARefusedTokenIsNotUsed) {
  ASSERT_TRUE(bridge_comes());
  directory_.revoke("t");
  EXPECT_FALSE(comes(1, speaker, "t"));
  seconds_pass(2);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(TokensInUse, ARenewedConnectionIsUseOfTheNewToken) {
  ASSERT_TRUE(bridge_comes());
  ASSERT_TRUE(comes(1, speaker, "old"));
  const std::string password = token(speaker, 48h, "new");
  Login renewal = login(1, "client-1", password);
  ASSERT_TRUE(gate_->renew(renewal).accepted());
  seconds_pass(1);
  EXPECT_THAT(told(), ElementsAre(testing::Key("new"), testing::Key("old")));
}

TEST_F(TokensInUse, WhileTheBridgeIsAwayNothingIsToldAndNothingLost) {
  ASSERT_TRUE(comes(1, speaker, "t"));
  const WallTime came = clock_.wall_now();
  seconds_pass(30);
  EXPECT_THAT(told(), IsEmpty());
  ASSERT_TRUE(bridge_comes());
  seconds_pass(1);
  EXPECT_EQ(told().at("t"), came);
}

}  // namespace
}  // namespace strawberry::test
