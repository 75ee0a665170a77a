// Few skills out of many: what a chat offers a model.
#include <gtest/gtest.h>

#include <chrono>

#include "bridge/skills/skill_registry.h"
#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

SkillRow skill(const std::string& class_name, const std::string& function_name, const std::string& docstring = "",
               bool confirm = false) {
  return {class_name, function_name, function_name + "(a: int)", docstring, false, confirm};
}

class SkillFindTest : public testing::Test {
 protected:
  void add(const std::string& id, const std::vector<SkillRow>& skills, bool online = true,
           const std::string& user = "alice") {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    row.skills_heartbeat_at_ms = to_unix_ms(clock_.wall_now());
    devices_.put(row);
    devices_.set_online(id, online);
    registry_.put(id, user, skills);
  }
  SkillsFound find(const std::string& words, std::size_t skills_max = 10, const std::string& sender = "",
                   std::size_t devices_max = 10) const {
    return registry_.find({"alice", words, sender, skills_max, devices_max});
  }
  static std::vector<std::string> paths(const SkillsFound& found) {
    std::vector<std::string> all;
    for (const auto& each : found.skills) all.push_back(each.path());
    return all;
  }
  static std::vector<std::string> names(const OfferedSkill& skill) {
    std::vector<std::string> all;
    for (const auto& device : skill.devices) all.push_back(device.device_id);
    return all;
  }
  using Texts = std::vector<std::string>;

  test::FakeClock clock_;
  DeviceRegistry devices_;
  SkillRegistry registry_{clock_, devices_, {1800s}};
};

TEST_F(SkillFindTest, MoreMatchingWordsComeFirst) {
  add("a", {skill("Alpha", "song"), skill("Beta", "play_song"), skill("Gamma", "play"), skill("Delta", "stop")});
  EXPECT_EQ(paths(find("PLAY song")), (Texts{"Beta.play_song", "Alpha.song", "Gamma.play"}));
  EXPECT_FALSE(find("play song").has_more);
  EXPECT_EQ(paths(find("play song", 1)), (Texts{"Beta.play_song"}));
  EXPECT_TRUE(find("play song", 1).has_more);
  EXPECT_EQ(paths(find("nothing")), Texts{});
}

TEST_F(SkillFindTest, AmongEqualsTheSendersOwnComeFirst) {
  add("a", {skill("Alpha", "play"), skill("Beta", "play")});
  add("b", {skill("Gamma", "play")});
  EXPECT_EQ(paths(find("play", 10, "b")), (Texts{"Gamma.play", "Alpha.play", "Beta.play"}));
  EXPECT_EQ(paths(find("play alpha", 10, "b")), (Texts{"Alpha.play", "Gamma.play", "Beta.play"}));
}

TEST_F(SkillFindTest, NoWordsMeanAllOfThem) {
  std::vector<SkillRow> rows;
  for (int i = 0; i < 40; ++i) rows.push_back(skill("S" + std::to_string(i), "f"));
  add("a", rows);
  EXPECT_EQ(find("", 40).skills.size(), 40u);
  EXPECT_FALSE(find("", 40).has_more);
  EXPECT_EQ(find("", 39).skills.size(), 39u);
  EXPECT_TRUE(find("", 39).has_more);
  const auto too_many = registry_.find({"alice", "", "", 39, 10, /*all_or_none=*/true});
  EXPECT_TRUE(too_many.skills.empty() && too_many.has_more);
  EXPECT_EQ(registry_.find({"alice", "", "", 40, 10, /*all_or_none=*/true}).skills.size(), 40u);
  EXPECT_TRUE(registry_.find({"bob", "", "", 40, 10}).skills.empty());
}

TEST_F(SkillFindTest, WhatIsNotLiveIsNotFound) {
  add("a", {skill("Alpha", "play")});
  clock_.advance(1801s);
  EXPECT_TRUE(find("play").skills.empty());
  EXPECT_TRUE(find("").skills.empty());
  EXPECT_TRUE(registry_.named({"alice", "", "", 4, 10}, "Alpha", "play").skills.empty());
}

TEST_F(SkillFindTest, OfManyDevicesTheFirstAreTakenAndTheSendersOwn) {
  for (const char* id : {"e", "d", "c"}) add(id, {skill("Alpha", "play")});
  add("a", {skill("Alpha", "play")}, /*online=*/false);
  const auto some = find("play", 10, "", 2).skills.at(0);
  EXPECT_EQ(names(some), (Texts{"c", "d"})) << "connected ones first, then by name";
  EXPECT_EQ(some.more_devices, 2u);
  EXPECT_EQ(names(find("play", 10, "a", 2).skills.at(0)), (Texts{"c", "a"}));
  EXPECT_EQ(find("play", 10, "", 4).skills.at(0).more_devices, 0u);
}

TEST_F(SkillFindTest, AHundredDevicesAreInTheSameOrderAsAFew) {
  for (int i = 0; i < 100; ++i) add("d" + std::to_string(100 + (i * 37) % 100), {skill("Alpha", "play")}, i % 2 == 0);
  const auto all = find("play", 10, "", 100).skills.at(0);
  ASSERT_EQ(all.devices.size(), 100u);
  for (std::size_t i = 1; i < 100; ++i) {
    const auto& a = all.devices[i - 1];
    const auto& b = all.devices[i];
    EXPECT_LT(std::pair(!a.connected, a.normalized_name), std::pair(!b.connected, b.normalized_name));
  }
}

TEST_F(SkillFindTest, NamedGivesOneEntryASignature) {
  add("a", {{"C", "f", "f(a: int)", "", false, false}});
  add("b", {{"C", "f", "f(a: str)", "", false, false}, skill("C", "g")});
  const auto both = registry_.named({"alice", "", "", 4, 10}, "C", "f");
  ASSERT_EQ(both.skills.size(), 2u);
  EXPECT_FALSE(both.has_more);
  EXPECT_TRUE(registry_.named({"alice", "", "", 1, 10}, "C", "f").has_more);
}

TEST_F(SkillFindTest, OneDeviceThatWantsToBeAskedIsEnoughWhoeverRegisteredLast) {
  const auto asks = [this] {
    const bool found = find("unlock").skills.at(0).skill.confirm;
    EXPECT_EQ(registry_.offering("alice", "Door", "unlock").at(0).skill.confirm, found);
    EXPECT_EQ(registry_.named({"alice", "", "", 4, 10}, "Door", "unlock").skills.at(0).skill.confirm, found);
    return found;
  };
  add("a", {skill("Door", "unlock", "", true)});
  EXPECT_TRUE(asks());
  add("b", {skill("Door", "unlock", "", false)});
  EXPECT_TRUE(asks());
  add("a", {skill("Door", "unlock", "", true)});
  add("a", {skill("Door", "unlock", "", true)});
  EXPECT_TRUE(asks());
  add("a", {skill("Door", "unlock", "", false)});
  EXPECT_FALSE(asks());
  add("b", {skill("Door", "unlock", "", true)});
  EXPECT_TRUE(asks());
  registry_.remove("b");
  EXPECT_FALSE(asks());
}

TEST_F(SkillFindTest, AWordThatStandsInMostOfManyTextsIsNotLookedForInAllOfThem) {
  for (int device = 0; device < 40; ++device) {
    std::vector<SkillRow> rows;
    for (int i = 0; i < 500; ++i)
      rows.push_back(skill("Common" + std::to_string(device * 500 + i), "f", std::string(300, 'x')));
    rows.push_back(skill("Rare" + std::to_string(device), "needle"));
    add("d" + std::to_string(device), rows);
  }
  const auto common = find("common");
  EXPECT_EQ(common.skills.size(), 10u);
  EXPECT_TRUE(common.has_more);
  const auto wanted_all = find("common", 20'000);
  EXPECT_LT(wanted_all.skills.size(), 2'000u);
  EXPECT_TRUE(wanted_all.has_more);
  EXPECT_EQ(find("needle rare39").skills.at(0).path(), "Rare39.needle") << "the rare words were looked for in all";
  EXPECT_TRUE(find("", 40).has_more);
}

}  // namespace
}  // namespace strawberry::bridge
