// Tokens that come again: known, and yet no more than their signature is taken for granted.
#include "broker-plugin/verified_tokens.h"

#include "tests/broker-plugin/gate.h"

namespace strawberry::plugin {
namespace {

Claims claims_of(const std::string& id) {
  Claims claims;
  claims.principal = {PrincipalType::user, id, id};
  return claims;
}
const WallTime now = from_unix_ms(1'000'000);

TEST(VerifiedTokens, KnowsWhatItWasTold) {
  VerifiedTokens tokens({});
  EXPECT_EQ(tokens.find("a", now), nullptr);
  tokens.remember("a", claims_of("alice"), now);
  ASSERT_NE(tokens.find("a", now), nullptr);
  EXPECT_EQ(tokens.find("a", now)->principal.id, "alice");
  for (const char* other : {"", "A", "a ", "aa"}) EXPECT_EQ(tokens.find(other, now), nullptr) << other;
}

TEST(VerifiedTokens, DoesNotBelieveAClockThatWasSetBack) {
  VerifiedTokens tokens({});
  tokens.remember("a", claims_of("alice"), now);
  EXPECT_EQ(tokens.find("a", now - std::chrono::milliseconds(1)), nullptr);
  tokens.remember("a", claims_of("alice"), now - std::chrono::milliseconds(1));
  EXPECT_NE(tokens.find("a", now - std::chrono::milliseconds(1)), nullptr);
  EXPECT_EQ(tokens.size(), 1U);
}

TEST(VerifiedTokens, ForgetsTheLongestUnused) {
  VerifiedTokens tokens({.tokens_max = 2});
  tokens.remember("a", claims_of("a"), now);
  tokens.remember("b", claims_of("b"), now);
  EXPECT_NE(tokens.find("a", now), nullptr);
  tokens.remember("c", claims_of("c"), now);
  EXPECT_EQ(tokens.size(), 2U);
  EXPECT_NE(tokens.find("a", now), nullptr);
  EXPECT_EQ(tokens.find("b", now), nullptr);
  EXPECT_NE(tokens.find("c", now), nullptr);
  VerifiedTokens none({.tokens_max = 0});
  none.remember("a", claims_of("a"), now);
  EXPECT_EQ(none.find("a", now), nullptr);
}

}  // namespace

}  // namespace strawberry::plugin

namespace strawberry::test {
namespace {

class KnownToken : public Gate {
 protected:
  void SetUp() override {
    password_ = token(speaker);
    ASSERT_TRUE(comes());
  }
  /// Connects once more with the same token.
  bool comes() {
    const bool accepted = enters(login(1, "speaker", password_));
    if (accepted) end(1);
    return accepted;
  }
  std::string password_;
};

TEST_F(KnownToken, IsGoodAgain) {
  EXPECT_TRUE(comes());
  clock_.advance(59min);
  EXPECT_TRUE(comes());
}

TEST_F(KnownToken, EndsWhenItExpires) {
  clock_.advance(1h);
  EXPECT_FALSE(comes());
}

TEST_F(KnownToken, IsNotYetGoodWhenTheClockIsSetBack) {
  clock_.set_wall(clock_.wall_now() - 1h);
  EXPECT_FALSE(comes());
  clock_.set_wall(clock_.wall_now() + 1h);
  EXPECT_TRUE(comes());
}

TEST_F(KnownToken, EndsWithItsKey) {
  write_keys(jwk_set("n"));
  EXPECT_FALSE(comes());
}

TEST_F(KnownToken, EndsWhenItsKeyHasAnotherNameOrItsNameAnotherKey) {
  const std::string name = R"("kid":"k")";
  std::string keys = jwk_set("k");
  keys.replace(keys.find(name), name.size(), R"("kid":"x")");
  write_keys(keys);
  EXPECT_FALSE(comes());
  keys = jwk_set("n");
  keys.replace(keys.find(R"("kid":"n")"), name.size(), name);
  write_keys(keys);
  EXPECT_FALSE(comes());
  write_keys(jwk_set("nk"));
  EXPECT_TRUE(comes());
}

TEST_F(KnownToken, EndsWithTheDevicesRights) {
  directory_.change("speaker").is_active = false;
  EXPECT_FALSE(comes());
}

TEST_F(KnownToken, DoesNotVouchForASimilarOne) {
  password_.back() = password_.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(comes());
}

}  // namespace
}  // namespace strawberry::test
