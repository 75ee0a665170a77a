#include "cli/spoke/loss_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/text/base64url.h"
#include "tests/support/fake_clock.h"

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;
using Verdict = LossPolicy::Verdict;

class Losses : public ::testing::Test {
 protected:
  Verdict lost_after(std::chrono::milliseconds lived, LossCause cause = LossCause::unreachable) {
    policy_.connected();
    clock_.advance(lived);
    return policy_.lost(cause);
  }
  test::FakeClock clock_;
  LossPolicy policy_{clock_};
};

TEST_F(Losses, OfABrokerThatIsAwayAreNoReasonToStop) {
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(policy_.lost(LossCause::unreachable), Verdict::try_again);
    clock_.advance(5s);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lost_after(6s), Verdict::try_again);
}

TEST_F(Losses, ThatTheBrokerCallsTakenOverEndIt) {
  EXPECT_EQ(lost_after(1h, LossCause::taken_over), Verdict::taken_over);
}

TEST_F(Losses, ThatAreQuickAndManyInARowMeanThatItRunsTwice) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(lost_after(1s), Verdict::try_again);
  EXPECT_EQ(lost_after(10s), Verdict::try_again) << "one that lasted";
  for (int i = 0; i < 4; ++i) EXPECT_EQ(lost_after(1s), Verdict::try_again);
  EXPECT_EQ(lost_after(1s), Verdict::taken_over);
}

TEST_F(Losses, OfABrokerThatIsStartedAgainAndAgainAreNoReasonToStop) {
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(lost_after(1s), Verdict::try_again);
    EXPECT_EQ(policy_.lost(LossCause::unreachable), Verdict::try_again) << "nobody was there in between";
  }
}

TEST_F(Losses, ByATokenThatWasNeverAcceptedEndIt) { EXPECT_EQ(policy_.lost(LossCause::refused), Verdict::refused); }

TEST_F(Losses, ByATokenThatWasAcceptedAreTriedAgainForADayAndSeldom) {
  EXPECT_EQ(lost_after(1h, LossCause::ended), Verdict::try_again);
  std::vector<std::chrono::milliseconds> pauses;
  const auto until = clock_.steady_now() + 24h;
  while (clock_.steady_now() < until) {
    ASSERT_EQ(policy_.lost(LossCause::refused), Verdict::try_again);
    pauses.push_back(policy_.refused_pause());
    clock_.advance(pauses.back());
  }
  EXPECT_EQ(std::vector(pauses.begin(), pauses.begin() + 7),
            (std::vector<std::chrono::milliseconds>{2s, 4s, 8s, 16s, 32s, 60s, 60s}));
  EXPECT_LT(pauses.size(), 24u * 60 + 10);
  policy_.connected();
  EXPECT_EQ(policy_.refused_pause(), 2s);
}

TEST_F(Losses, ByATokenThatWasAcceptedEndItAfterATimeThatIsSaid) {
  LossPolicy::Options options;
  options.refused_max = 60s;
  LossPolicy policy(clock_, options);
  policy.connected();
  EXPECT_EQ(policy.lost(LossCause::refused), Verdict::try_again);
  clock_.advance(59s);
  EXPECT_EQ(policy.lost(LossCause::refused), Verdict::try_again);
  policy.connected();
  clock_.advance(10s);
  EXPECT_EQ(policy.lost(LossCause::refused), Verdict::try_again) << "it was in between";
  clock_.advance(60s);
  EXPECT_EQ(policy.lost(LossCause::refused), Verdict::refused);
}

std::string token_with(const std::string& claims) { return "e30." + base64url_encode(claims) + ".c2ln"; }

TEST(WhyRefused, TellsWhatTheTokenTells) {
  const WallTime now = from_unix_ms(1'800'000'000'000);
  EXPECT_THAT(why_refused("", now), testing::HasSubstr("no token"));
  EXPECT_THAT(why_refused(token_with(R"({"iat":1700000000,"exp":1800000000})"), now),
              testing::HasSubstr("has expired, on 2027-01-15"));
  EXPECT_THAT(why_refused(token_with(R"({"iat":1800000061,"exp":1900000000})"), now),
              testing::HasSubstr("compare the clocks"));
  EXPECT_THAT(why_refused(token_with(R"({"iat":1800000060,"exp":1900000000})"), now), testing::HasSubstr("revoked"));
}

}  // namespace
}  // namespace strawberry::cli
