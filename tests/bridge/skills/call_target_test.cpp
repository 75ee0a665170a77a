#include "bridge/skills/call_target.h"

#include <gtest/gtest.h>

namespace strawberry {
namespace {

constexpr bool connected = true;
constexpr bool agnostic = true;

std::string choice(const std::vector<CallCandidate>& candidates, const std::string& caller = "caller",
                   bool hub = false) {
  const auto chosen = choose_device(candidates, caller, hub, "C.f");
  return chosen ? *chosen : std::string(to_string(chosen.error().code));
}

TEST(CallTarget, ThePathMayNameTheDevice) {
  EXPECT_EQ(parse_skill_path("C.f")->device, "");
  EXPECT_EQ(parse_skill_path("speaker.C.f")->device, "speaker");
  for (const auto* bad : {"", "C", ".", "C.", ".f", "a..f", "a.b.c.d", "..."})
    EXPECT_FALSE(parse_skill_path(bad)) << bad;
}

TEST(CallTarget, TheCallersOwnDeviceComesFirst) {
  EXPECT_EQ(choice({{"a", "a", connected, agnostic, 9}, {"caller", "c", connected, false, 1}}), "caller");
}

TEST(CallTarget, TheOnlyConnectedOneIsMeant) {
  EXPECT_EQ(choice({{"a", "a", !connected, false, 9}, {"b", "b", connected, false, 1}}), "b");
}

TEST(CallTarget, OfSeveralTheMostRecentlyHeardOfIfItDoesNotMatterWhich) {
  EXPECT_EQ(choice({{"a", "a", connected, agnostic, 1},
                    {"b", "b", connected, agnostic, 2},
                    {"c", "c", !connected, agnostic, 3}}),
            "b");
  EXPECT_EQ(choice({{"a", "a", connected, agnostic, 1}, {"b", "b", connected, false, 2}}), "ambiguous");
}

TEST(CallTarget, AmbiguousNamesTheCandidates) {
  const auto chosen =
      choose_device({{"1", "kitchen", connected, false, 0}, {"2", "hall", connected, false, 0}}, "x", false, "C.f");
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().details.at("candidates"), nlohmann::json::parse(R"(["kitchen","hall"])"));
}

TEST(CallTarget, NobodyAndNobodyHereAreDifferent) {
  EXPECT_EQ(choice({}), "not_found");
  EXPECT_EQ(choice({{"a", "a", !connected, false, 0}}), "device_offline");
}

TEST(CallTarget, HubMeansAnyConnectedOneThatOffersItDeviceAgnostic) {
  EXPECT_EQ(choice({{"caller", "c", connected, false, 9}, {"b", "b", connected, agnostic, 1}}, "caller", true), "b");
  EXPECT_EQ(choice({{"a", "a", connected, false, 0}}, "caller", true), "not_found");
  EXPECT_EQ(choice({{"a", "a", !connected, agnostic, 0}}, "caller", true), "device_offline");
}

}  // namespace
}  // namespace strawberry
