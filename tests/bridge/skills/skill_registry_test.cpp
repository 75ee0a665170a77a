#include "bridge/skills/skill_registry.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;

SkillRow skill(const std::string& class_name, const std::string& function_name, const std::string& docstring = "") {
  return {class_name, function_name, function_name + "(a: int)", docstring, false, false};
}

class SkillRegistryTest : public testing::Test {
 protected:
  void add(const std::string& id, const std::vector<SkillRow>& skills, const std::string& user = "alice",
           bool online = true) {
    DeviceRow row;
    row.device_id = id;
    row.user_id = user;
    row.name = row.normalized_name = id;
    row.skills_heartbeat_at_ms = to_unix_ms(clock_.wall_now());
    devices_.put(row);
    devices_.set_online(id, online);
    registry_.put(id, user, skills);
  }
  std::vector<std::string> found(const std::string& query, const std::string& local = "") {
    std::vector<std::string> paths;
    const auto matches = registry_.search("alice", {query, local});
    for (const auto& match : *matches) paths.push_back(match.path());
    return paths;
  }
  using Paths = std::vector<std::string>;

  test::FakeClock clock_;
  DeviceRegistry devices_;
  SkillRegistry registry_{clock_, devices_, {1800s}};
};

TEST_F(SkillRegistryTest, OneSkillOnManyDevicesIsOneEntry) {
  for (int i = 0; i < 100; ++i) add("d" + std::to_string(i), {skill("Music", "play")});
  const auto matches = registry_.search("alice", {"play"}).value();
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].device_count, 100U);
  EXPECT_EQ(matches[0].devices.size(), 10U);
  EXPECT_EQ(registry_.total(), 100U);
}

TEST_F(SkillRegistryTest, AllWordsMustMatchAndIfNothingDoesAnyWord) {
  add("a",
      {skill("Music", "play_song", "Plays a Song"), skill("Music", "stop"), skill("Light", "turn_on", "the lamp")});
  EXPECT_EQ(found("SONG play"), (Paths{"Music.play_song"}));
  EXPECT_EQ(found("music"), (Paths{"Music.play_song", "Music.stop"}));
  EXPECT_EQ(found("stop lamp"), (Paths{"Light.turn_on", "Music.stop"}));
  EXPECT_EQ(found("nonsense"), Paths{});
  EXPECT_EQ(found("  "), (Paths{"Light.turn_on", "Music.play_song", "Music.stop"}));
}

TEST_F(SkillRegistryTest, TheAskingDevicesSkillsComeFirst) {
  add("a", {skill("Alpha", "x"), skill("Beta", "x")});
  add("b", {skill("Zeta", "x"), skill("Beta", "x")});
  EXPECT_EQ(found("x", "b"), (Paths{"Beta.x", "Zeta.x", "Alpha.x"}));
}

TEST_F(SkillRegistryTest, ConnectedDevicesComeFirst) {
  add("a", {skill("C", "f")}, "alice", false);
  add("b", {skill("C", "f")});
  const auto devices = registry_.search("alice", {""}).value().at(0).devices;
  EXPECT_EQ(devices.at(0)->row.device_id, "b");
  EXPECT_EQ(devices.at(1)->row.device_id, "a");
}

TEST_F(SkillRegistryTest, SkillsExpireAndAHeartbeatBringsThemBack) {
  add("a", {skill("C", "f")});
  clock_.advance(1800s - 1ms);
  EXPECT_EQ(found("f").size(), 1U);
  clock_.advance(1ms);
  EXPECT_EQ(found("f"), Paths{});
  EXPECT_TRUE(registry_.list("alice")->empty());
  EXPECT_TRUE(registry_.offering("alice", "C", "f").empty());
  EXPECT_TRUE(registry_.find({"alice", "", "", 10, 10}).skills.empty());
  devices_.set_skills_heartbeat("a", to_unix_ms(clock_.wall_now()));
  EXPECT_EQ(found("f").size(), 1U);
}

TEST_F(SkillRegistryTest, OtherUsersSkillsDoNotExist) {
  add("b", {skill("C", "f")}, "bob");
  EXPECT_EQ(found("f"), Paths{});
  EXPECT_TRUE(registry_.offering("alice", "C", "f").empty());
}

TEST_F(SkillRegistryTest, RegisteringAgainReplacesEverything) {
  add("a", {skill("C", "f"), skill("C", "g")});
  add("a", {skill("C", "g"), skill("C", "h")});
  EXPECT_EQ(found(""), (Paths{"C.g", "C.h"}));
  EXPECT_EQ(registry_.count("a"), 2U);
  registry_.remove("a");
  EXPECT_EQ(found(""), Paths{});
  EXPECT_EQ(registry_.total(), 0U);
}

TEST_F(SkillRegistryTest, ARevokedDeviceOffersNothing) {
  add("a", {skill("C", "f")});
  auto row = devices_.find("a")->row;
  row.is_active = false;
  devices_.put(row);
  EXPECT_EQ(found("f"), Paths{});
}

TEST_F(SkillRegistryTest, OneNameWithSeveralSignaturesIsSeveralEntries) {
  add("a", {{"C", "f", "f(a: int)", "", false, false}});
  add("b", {{"C", "f", "f(a: str)", "", false, false}});
  add("c", {{"C", "f2", "f2()", "", false, false}});
  EXPECT_EQ(registry_.offering("alice", "C", "f").size(), 2U);
}

TEST_F(SkillRegistryTest, TheDocstringIsOfWhoRegisteredLast) {
  add("a", {skill("C", "f", "one")});
  add("b", {skill("C", "f", "two")});
  EXPECT_EQ(found("one"), Paths{});
  EXPECT_EQ(found("two"), Paths{"C.f"});
  const auto listed = registry_.list("alice").value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].skill.docstring(), "one");  // but each device lists its own
  add("a", {skill("C", "f", "one")});
  EXPECT_EQ(found("one"), Paths{"C.f"});
}

TEST_F(SkillRegistryTest, ADeviceThatChangesItsUserTakesItsSkillsAlong) {
  add("a", {skill("C", "f")}, "bob");
  add("a", {skill("C", "f")});
  EXPECT_EQ(found("f"), Paths{"C.f"});
  EXPECT_TRUE(registry_.find({"bob", "", "", 10, 10}).skills.empty());
  EXPECT_EQ(registry_.total(), 1U);
}

TEST_F(SkillRegistryTest, AnAnswerThatCannotFitIsNotMade) {
  add("a", {skill("C", "f", std::string(500, 'x')), skill("C", "g", std::string(500, 'x'))});
  const SkillRegistry::Search one{"f", "", 10, 1000};
  const SkillRegistry::Search both{"x", "", 10, 1000};
  EXPECT_TRUE(registry_.search("alice", one));
  EXPECT_FALSE(registry_.search("alice", both));
  EXPECT_FALSE(registry_.list("alice", 1000));
  EXPECT_TRUE(registry_.list("alice", 2000));
}

TEST_F(SkillRegistryTest, DevicesAreNamedInOrderAlsoWhenNamesChange) {
  const auto names = [this] {
    std::string all;
    const auto matches = registry_.search("alice", {"f", "", 2}).value();
    for (const auto* device : matches.at(0).devices) all += device->row.normalized_name + " ";
    return all + std::to_string(matches.at(0).device_count);
  };
  for (const auto* id : {"c", "b", "d"}) add(id, {skill("C", "f")});
  EXPECT_EQ(names(), "b c 3");
  auto row = devices_.find("d")->row;
  row.normalized_name = "a";
  devices_.put(row);
  EXPECT_EQ(names(), "a b 3");
  devices_.set_online("a", false);
  devices_.set_online("b", false);
  EXPECT_EQ(names(), "a c 3");
  devices_.remove("d");
  registry_.remove("d");
  add("aa", {skill("C", "f")});
  EXPECT_EQ(names(), "aa c 3");
}

TEST_F(SkillRegistryTest, ADeletedDevicesPlaceInMemoryIsNobodyElses) {
  add("a", {skill("C", "f")});
  add("b", {skill("C", "g")});
  EXPECT_EQ(found("").size(), 2U);
  devices_.remove("a");
  EXPECT_EQ(found(""), Paths{"C.g"});  // between the two removals
  registry_.remove("a");
  add("c", {skill("C", "h")});
  EXPECT_EQ(found(""), (Paths{"C.g", "C.h"}));
}

}  // namespace
}  // namespace strawberry::bridge
