#include "bridge/skills/call_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace strawberry::bridge {
namespace {

constexpr bool connected = true;
constexpr bool agnostic = true;

std::string told(const Reply<std::string>& chosen) {
  return chosen ? *chosen : std::string(to_string(chosen.error().code));
}
std::string choice(const std::vector<CallCandidate>& candidates) {
  return told(choose_device(candidates, "caller", "C.f"));
}
std::string any(const std::vector<CallCandidate>& candidates, const std::string& call_id = "id") {
  return told(choose_any_device(candidates, call_id, "C.f"));
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
      choose_device({{"1", "kitchen", connected, false, 0}, {"2", "hall", connected, false, 0}}, "x", "C.f");
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().details.at("candidates"), nlohmann::json::parse(R"(["kitchen","hall"])"));
}

TEST(CallTarget, NobodyAndNobodyHereAreDifferent) {
  EXPECT_EQ(choice({}), "not_found");
  EXPECT_EQ(choice({{"a", "a", !connected, false, 0}}), "device_offline");
}

TEST(CallTarget, HubMeansAnyConnectedOneThatOffersItDeviceAgnostic) {
  EXPECT_EQ(any({{"caller", "c", connected, false, 9}, {"b", "b", connected, agnostic, 1}}), "b");
  EXPECT_EQ(any({{"a", "a", connected, false, 0}}), "not_found");
  EXPECT_EQ(any({{"a", "a", !connected, agnostic, 0}}), "device_offline");
}

TEST(CallTarget, TheSameCallToTheHubGoesToTheSameDeviceWhoeverElseWasHeardOfOrComesAndGoes) {
  std::vector<CallCandidate> all;
  for (int i = 0; i < 10; ++i) {
    const auto id = "device" + std::to_string(i);
    all.push_back({id, id, connected, agnostic, i});
  }
  std::set<std::string> used;
  for (int i = 0; i < 200; ++i) {
    const auto call_id = "call" + std::to_string(i);
    const auto first = any(all, call_id);
    used.insert(first);
    auto later = all;
    std::reverse(later.begin(), later.end());
    for (auto& candidate : later) {
      candidate.heard_of_ms += i * 7 % 13;
      if (candidate.device_id != first && candidate.device_id.back() % 2 == i % 2) candidate.connected = false;
    }
    EXPECT_EQ(any(later, call_id), first);
  }
  EXPECT_EQ(used.size(), all.size()) << "calls are spread over all of them";
}

}  // namespace
}  // namespace strawberry::bridge
