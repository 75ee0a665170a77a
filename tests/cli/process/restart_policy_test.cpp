#include "cli/process/restart_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace strawberry::cli {
namespace {

using namespace std::chrono_literals;

TEST(RestartPolicy, PausesLongerAfterEachQuickDeathAndThenGivesUp) {
  RestartPolicy policy;
  std::vector<std::chrono::milliseconds> pauses;
  while (const auto pause = policy.pause_after(1s)) pauses.push_back(*pause);
  EXPECT_EQ(pauses, (std::vector<std::chrono::milliseconds>{100ms, 500ms, 2s, 5s}));
  EXPECT_EQ(policy.quick_deaths(), RestartPolicy::quick_deaths_max);
}

TEST(RestartPolicy, ALongLifeMakesUpForQuickDeaths) {
  RestartPolicy policy;
  for (int i = 1; i < RestartPolicy::quick_deaths_max; ++i) ASSERT_TRUE(policy.pause_after(9'999ms));
  EXPECT_EQ(policy.pause_after(RestartPolicy::quick_death), 100ms);
  EXPECT_EQ(policy.quick_deaths(), 0);
  EXPECT_EQ(policy.pause_after(0s), 100ms);
}

}  // namespace
}  // namespace strawberry::cli
