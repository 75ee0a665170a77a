// What Home Assistant is told: by its own rules, and as written down here.
#include "bridge/home_assistant/announcement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/home_assistant/discovery_rules.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Announcements : public ::testing::Test {
 protected:
  Announcements() {
    device_.device_id = "3f0c-9";
    device_.user_id = "alice";
    device_.name = "Living Room Speaker";
  }
  void offer(const std::string& class_name, const std::string& signature, bool confirm = false) {
    SkillRow row;
    row.class_name = class_name;
    row.function_name = signature.substr(0, signature.find('('));
    row.signature = signature;
    row.confirm = confirm;
    skills_.push_back(texts_.share(row));
  }
  Announcement announce() { return announce_device(device_, skills_); }

  DeviceRow device_;
  SkillTexts texts_;
  std::vector<SkillText> skills_;
};

TEST_F(Announcements, ADeviceIsThisAndNothingElse) {
  offer("MusicControlSkill", "stop()");
  const auto expected = json::parse(R"({
    "dev": {"ids": ["strawberry-3f0c-9"], "name": "Living Room Speaker", "manufacturer": "Strawberry", "model": "Spoke",
            "via_device": "strawberry-alice"},
    "o": {"name": "Strawberry Hub"},
    "state_topic": "homeassistant/device/3f0c-9/state",
    "availability": [{"topic": "hub/state",
                      "value_template": "{{ value_json.state if value_json is mapping else value }}"}],
    "availability_mode": "all",
    "cmps": {
      "online": {"p": "binary_sensor", "unique_id": "strawberry-online-3f0c-9", "name": "Connection",
                 "device_class": "connectivity", "entity_category": "diagnostic",
                 "state_topic": "devices/3f0c-9/status",
                 "value_template": "{{ value_json.state if value_json is mapping else value }}",
                 "payload_on": "online", "payload_off": "offline", "availability": []},
      "last_seen": {"p": "sensor", "unique_id": "strawberry-last_seen-3f0c-9", "name": "Last seen",
                    "value_template": "{{ value_json.last_seen }}", "device_class": "timestamp",
                    "entity_category": "diagnostic"},
      "skills": {"p": "sensor", "unique_id": "strawberry-skills-3f0c-9", "name": "Skills",
                 "value_template": "{{ value_json.skills }}", "entity_category": "diagnostic"},
      "MusicControlSkill-stop": {
        "p": "button", "unique_id": "strawberry-skill-3f0c-9-MusicControlSkill-stop", "name": "Stop",
        "command_topic": "skills/alice/request",
        "payload_press": "{\"op\":\"call\",\"skill_path\":\"MusicControlSkill.stop\",\"target\":\"3f0c-9\"}",
        "availability": [{"topic": "hub/state",
                          "value_template": "{{ value_json.state if value_json is mapping else value }}"},
                         {"topic": "devices/3f0c-9/status",
                          "value_template": "{{ value_json.state if value_json is mapping else value }}"}]}}})");
  EXPECT_EQ(announce().config, expected) << announce().config.dump(2);
  EXPECT_THAT(test::complaints_about(announce().config), IsEmpty());
}

TEST_F(Announcements, ADevicesRoomIsTheAreaThatIsSuggested) {
  EXPECT_FALSE(announce().config.at("dev").contains("suggested_area"));
  device_.about.room = "Küche\n<b>";
  EXPECT_EQ(announce().config.at("dev").at("suggested_area"), "Küche\\x0a<b>");
  EXPECT_THAT(test::complaints_about(announce().config), IsEmpty());
}

TEST_F(Announcements, TheHubIsThisAndNothingElse) {
  const auto hub = announce_hub("alice", "1.2.3");
  EXPECT_THAT(test::complaints_about(hub.config), IsEmpty());
  EXPECT_EQ(hub.config.at("dev"), json::parse(R"({"ids":["strawberry-alice"],"name":"Strawberry Hub","model":"Hub",
                                                  "manufacturer":"Strawberry","sw_version":"1.2.3"})"));
  std::vector<std::string> keys;
  for (const auto& [key, component] : hub.config.at("cmps").items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("chats_today", "devices_online", "state", "tokens_today"));
  EXPECT_EQ(hub.config.at("cmps").at("state").at("state_topic"), "hub/state");
  EXPECT_EQ(hub.config.at("state_topic"), "homeassistant/device/alice/state");
}

TEST_F(Announcements, TheNumbersAreThoseTheTemplatesName) {
  EXPECT_EQ(hub_numbers({3, 4, 5}), R"({"chats_today":4,"devices_online":3,"tokens_today":5})");
  EXPECT_EQ(device_state(1'767'225'600'000, 7), R"({"last_seen":"2026-01-01T00:00:00.000Z","skills":7})");
  EXPECT_EQ(device_state(std::nullopt, 0), R"({"last_seen":null,"skills":0})");
}

TEST_F(Announcements, OnlyWhatNeedsNothingHasAButton) {
  offer("C", "nothing()");
  offer("C", "optional(volume: int = 50, *rest, fade=True, **more)");
  offer("C", "needs(name: str)");
  offer("C", "needs_by_name(*, name)");
  EXPECT_THAT(announce().buttons, ElementsAre("C-nothing", "C-optional"));
}

TEST_F(Announcements, WhatAsksFirstIsEnabledByItsOwner) {
  offer("DoorSkill", "open()", /*confirm=*/true);
  offer("DoorSkill", "ring()");
  const auto cmps = announce().config.at("cmps");
  EXPECT_EQ(cmps.at("DoorSkill-open").at("enabled_by_default"), false);
  EXPECT_FALSE(cmps.at("DoorSkill-ring").contains("enabled_by_default"));
}

TEST_F(Announcements, ButtonsHaveReadableNames) {
  offer("LampSkill", "turn_on()");
  offer("LampSkill", "stop()");
  offer("MusicSkill", "stop()");
  offer("MusicSkill", "_()");
  const auto cmps = announce().config.at("cmps");
  EXPECT_EQ(cmps.at("LampSkill-turn_on").at("name"), "Turn on");
  EXPECT_EQ(cmps.at("LampSkill-stop").at("name"), "Stop (LampSkill)");
  EXPECT_EQ(cmps.at("MusicSkill-stop").at("name"), "Stop (MusicSkill)");
  EXPECT_EQ(cmps.at("MusicSkill-_").at("name"), "_");
}

TEST_F(Announcements, TheFirstFiftyButtonsAreIn) {
  for (std::size_t i = 0; i < buttons_max + 1; ++i) offer("C", "f" + std::to_string(i) + "()");
  const auto announced = announce();
  ASSERT_EQ(announced.buttons.size(), buttons_max);
  EXPECT_EQ(announced.buttons.back(), "C-f" + std::to_string(buttons_max - 1));
  EXPECT_THAT(test::complaints_about(announced.config), IsEmpty());
}

TEST_F(Announcements, ButtonsEndWhereTheirBytesDo) {
  const std::string long_name(128, 'x');
  for (std::size_t i = 0; i < buttons_max; ++i) {
    offer(long_name, (long_name + std::to_string(i)).substr(std::to_string(i).size()) + "()");
  }
  const auto announced = announce();
  EXPECT_GT(announced.buttons.size(), 10U);
  EXPECT_LT(announced.buttons.size(), buttons_max);
  EXPECT_LE(announced.config.dump().size(), buttons_bytes_max + 4 * 1024);
  EXPECT_THAT(test::complaints_about(announced.config), IsEmpty());
}

TEST_F(Announcements, NamesMayBeAnything) {
  for (const std::string name : {"Büro", "\"}{{ now() }}", "\xff\xfe", "a\nb", ""}) {
    device_.name = name;
    const auto config = announce().config;
    EXPECT_THAT(test::complaints_about(config), IsEmpty());
    EXPECT_TRUE(json::accept(config.dump())) << name;
  }
}

/// The validator itself must be able to say no.
TEST_F(Announcements, WhatHomeAssistantRefusesIsNoticed) {
  auto config = announce().config;
  config["extra"] = 1;
  config["dev"]["colour"] = "red";
  config["o"]["colour"] = "red";
  config["cmps"]["a b"] = {{"p", "button"}};
  config["cmps"]["nothing"] = json::object();
  config["cmps"]["skills"].erase("unique_id");
  EXPECT_GE(test::complaints_about(config).size(), 6U);
}

}  // namespace
}  // namespace strawberry::bridge
