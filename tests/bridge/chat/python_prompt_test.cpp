#include "bridge/chat/python_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bridge/chat/chat_fakes.h"

namespace strawberry::bridge {
namespace {

using test::device;
using test::skill;
using testing::HasSubstr;
using testing::Not;

std::string prompt(const std::vector<OfferedSkill>& skills, const PythonPromptOptions& options = {}) {
  return python_prompt({skills, false}, "tablet", options);
}

TEST(PythonPrompt, GroupsByDeviceAndClassAndNamesTheCurrentDevice) {
  const auto text = prompt({skill("LightSkill", "turn_off()", {device("k1")}),
                            skill("LightSkill", "turn_on(level: int = 100) -> bool", {device("tablet"), device("k1")}),
                            skill("MusicSkill", "play(song: str)", {device("k1"), device("k2", false)}),
                            skill("MusicSkill", "stop()", {device("k1")})});
  EXPECT_THAT(text, HasSubstr("The current device is device_tablet. It is the default"));
  EXPECT_THAT(text, HasSubstr(R"(
# On the current device, device_tablet:

class LightSkill:
    def turn_on(level: int = 100) -> bool:  # also on: device_k1
        """Does turn_on."""

# On other devices only:

class LightSkill:
    def turn_off():  # on: device_k1
        """Does turn_off."""

class MusicSkill:
    def play(song: str):  # on: device_k1, device_k2 (offline)
        """Does play."""
    def stop():  # on: device_k1
        """Does stop."""
)"));
}

TEST(PythonPrompt, WhoHasNoSkillsMustNameADevice) {
  const auto text = prompt({skill("LightSkill", "turn_off()", {device("k1")})});
  EXPECT_THAT(text, HasSubstr("put a device's name in front of every call"));
  EXPECT_THAT(text, HasSubstr("# On the user's devices:\n"));
  EXPECT_THAT(text, Not(HasSubstr("default")));
  EXPECT_THAT(prompt({}), HasSubstr("# No device offers anything at the moment."));
}

TEST(PythonPrompt, SkillsThatAskTheUserFirstAreLeftOut) {
  auto door = skill("DoorSkill", "unlock()", {device("door")});
  door.skill.confirm = true;
  EXPECT_THAT(prompt({door}), Not(HasSubstr("unlock")));
}

std::string docstring(const std::string& text, const PythonPromptOptions& options = {}) {
  auto made = skill("C", "f()", {device("tablet")});
  made.skill.docstring = text;
  const auto all = prompt({made}, options);
  return all.substr(all.find("def f():") + 9);
}

TEST(PythonPrompt, ADocstringCannotEndItself) {
  EXPECT_EQ(docstring("a\"\"\"\nimport os"), "        \"\"\"a\\\"\\\"\"\n        import os\"\"\"\n");
  EXPECT_EQ(docstring("say \"hi\""), "        \"\"\"say \"hi\\\"\"\"\"\n");
  EXPECT_EQ(docstring("\"\"\"\""), "        \"\"\"\\\"\\\"\\\"\\\"\"\"\"\n");
  EXPECT_EQ(docstring("ends with \\"), "        \"\"\"ends with \\\\\"\"\"\n");
  EXPECT_EQ(docstring("\\\"\"\""), "        \"\"\"\\\\\\\"\\\"\\\"\"\"\"\n");
}

TEST(PythonPrompt, ADocstringIsData) {
  EXPECT_EQ(docstring("bell\a and \x1B[31mred\r\n"), "        \"\"\"bell and [31mred\"\"\"\n");
  EXPECT_EQ(docstring(""), "        ...\n");
  PythonPromptOptions options;
  options.docstring_bytes_max = 3;
  EXPECT_EQ(docstring("a\xF0\x9F\x8D\x93", options), "        \"\"\"a\"\"\"\n") << "cut between characters";
}

TEST(PythonPrompt, ASignatureStaysInItsLine) {
  auto made = skill("C", "f()", {device("tablet")});
  made.skill.signature = "f(a: int,\n  b: int)";
  EXPECT_THAT(prompt({made}), HasSubstr("    def f(a: int,   b: int):\n"));
}

TEST(PythonPrompt, WhatFindsNoRoomIsLeftOutFromTheFirstOn) {
  std::vector<OfferedSkill> skills;
  for (int i = 0; i < 1000; ++i) skills.push_back(skill("C", "f" + std::to_string(i) + "()", {device("tablet")}));
  skills.push_back(skill("C", "g()", {device("tablet")}));
  PythonPromptOptions options;
  options.prompt_bytes_max = 4096;
  const auto text = prompt(skills, options);
  EXPECT_LE(text.size(), 4096U);
  EXPECT_GE(text.size(), 3950U) << "the room is used";
  EXPECT_THAT(text, HasSubstr("def f0():"));
  EXPECT_THAT(text, Not(HasSubstr("def g():"))) << "it would fit, but would seem to be the last";
  EXPECT_THAT(text, testing::EndsWith("\n# There are more skills than are shown here.\n"));
  EXPECT_THAT(prompt({skill("C", "f()", {device("tablet")})}), Not(HasSubstr("There are more")));
}

TEST(PythonPrompt, SaysWhenThereAreMoreThanItWasGiven) {
  EXPECT_THAT(python_prompt({{skill("C", "f()", {device("tablet")})}, true}, "tablet", {}),
              testing::EndsWith("\n# There are more skills than are shown here.\n"));
}

TEST(PythonPrompt, ManyDevicesAreCounted) {
  std::vector<OfferingDevice> devices;
  for (int i = 0; i < 100; ++i) devices.push_back(device(std::to_string(i)));
  const auto text = prompt({skill("C", "f()", devices)});
  EXPECT_THAT(text, HasSubstr("device_15 and 84 more\n"));
  auto known = skill("C", "f()", {device("0"), device("1")});
  known.more_devices = 98;
  EXPECT_THAT(prompt({known}), HasSubstr("device_0, device_1 and 98 more\n"));
}

}  // namespace
}  // namespace strawberry::bridge
