#include "cli/spoke/skill_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using testing::HasSubstr;

constexpr const char* smallest = "[[skill]]\nsignature = \"uptime() -> str\"\ncommand = [\"uptime\"]\n";

std::string complaint(const std::string& text) {
  const auto file = parse_skill_file(text, "skills.toml");
  return file ? "it is fine" : file.error().message;
}

/// The smallest skill with `line` in it.
std::string with(const std::string& line) { return complaint(smallest + line + "\n"); }

TEST(SkillFile, TheSmallestNeedsASignatureAndACommand) {
  const auto file = parse_skill_file(smallest, "skills.toml");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->skills.size(), 1u);
  const CommandSkill& skill = file->skills.front();
  EXPECT_EQ(skill.path(), "CommandSkill.uptime");
  EXPECT_EQ(skill.timeout, std::chrono::seconds(10));
  EXPECT_EQ(skill.output_bytes_max, 65536u);
  EXPECT_EQ(file->find("CommandSkill.uptime"), &skill);
  EXPECT_EQ(file->find("CommandSkill.down"), nullptr);
}

TEST(SkillFile, EverythingCanBeSaid) {
  const auto file = parse_skill_file(R"toml(
    class_name = "BoxSkill"
    calls_running_max = 2
    calls_waiting_max = 0
    environment = ["XDG_RUNTIME_DIR"]
    [[skill]]
    signature = "say(text: str, times: int = 1) -> str"
    docstring = "Say it."
    command = ["say", "--times={times}", "--", "{text}"]
    timeout_ms = 120000
    output_bytes_max = 200000
    output = "json"
    device_agnostic = true
    confirm = true
    [[skill]]
    class_name = "OtherSkill"
    signature = "say()"
    command = ["say"]
  )toml",
                                     "skills.toml");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->calls_running_max, 2u);
  EXPECT_EQ(file->calls_waiting_max, 0u);
  EXPECT_EQ(file->environment, std::vector<std::string>{"XDG_RUNTIME_DIR"});
  EXPECT_EQ(file->registration(), nlohmann::json::parse(R"json([
    {"class_name":"BoxSkill","function_name":"say","signature":"say(text: str, times: int = 1) -> str",
     "docstring":"Say it.","device_agnostic":true,"confirm":true},
    {"class_name":"OtherSkill","function_name":"say","signature":"say()",
     "docstring":"","device_agnostic":false,"confirm":false
}])json"));
  EXPECT_EQ(file->skills.front().output, CommandSkill::Output::json);
}

TEST(SkillFile, WhatIsWrongIsSaidWithFileLineSkillAndReason) {
  EXPECT_EQ(with("timeout_ms = 0"), "skills.toml:4: skill uptime: timeout_ms must be a whole number from 1 to 120000");
  EXPECT_EQ(with("timout_ms = 5"), "skills.toml:4: skill uptime: there is no key 'timout_ms'");
  EXPECT_THAT(with("timeout_ms = 120001"), HasSubstr("from 1 to 120000"));
  EXPECT_THAT(with("output_bytes_max = 200001"), HasSubstr("from 1 to 200000"));
  EXPECT_THAT(with("output = \"xml\""), HasSubstr("output must be \"text\" or \"json\""));
  EXPECT_THAT(with("confirm = 1"), HasSubstr("confirm must be true or false"));
  EXPECT_THAT(with("class_name = \"my-skill\""), HasSubstr("class_name must be an identifier"));
  EXPECT_THAT(with("docstring = \"" + std::string(16'385, 'x') + "\""), HasSubstr("at most 16384 bytes"));
  EXPECT_THAT(with("command = ["), HasSubstr("skills.toml:"));
}

TEST(SkillFile, ASkillWithoutAGoodSignatureOrCommandIsRefused) {
  EXPECT_EQ(complaint(""), "skills.toml:1: there is no [[skill]]");
  EXPECT_EQ(complaint("skill = 5"), "skills.toml:1: skill must be an array of tables: [[skill]]");
  EXPECT_EQ(complaint("[[skill]]\ncommand = [\"ls\"]\n"),
            "skills.toml:1: skill 1: signature is missing: write \"say(text: str) -> str\"");
  EXPECT_THAT(complaint("[[skill]]\nsignature = \"say(\"\ncommand = [\"ls\"]\n"), HasSubstr("skill say: signature: "));
  EXPECT_THAT(complaint("[[skill]]\nsignature = \"say()\"\n"), HasSubstr("command is missing"));
  EXPECT_THAT(complaint("[[skill]]\nsignature = \"say()\"\ncommand = [\"\"]\n"), HasSubstr("command is missing"));
  EXPECT_THAT(complaint("[[skill]]\nsignature = \"say()\"\ncommand = \"ls -l\"\n"), HasSubstr("an array of"));
  EXPECT_THAT(complaint("[[skill]]\nsignature = \"say()\"\ncommand = [\"a\\u0000b\"]\n"), HasSubstr("an array of"));
  EXPECT_THAT(complaint(std::string(smallest) + smallest), HasSubstr("there is a second CommandSkill.uptime"));
}

TEST(SkillFile, ThereIsAMostOfEverything) {
  std::string many;
  for (int i = 0; i < 500; ++i) {
    many += "[[skill]]\nsignature = \"f" + std::to_string(i) + "()\"\ncommand = [\"ls\"]\n";
  }
  EXPECT_EQ(complaint(many), "it is fine");
  EXPECT_THAT(complaint(many + smallest), HasSubstr("more than 500 skills"));
  EXPECT_THAT(complaint("calls_running_max = 65\n" + std::string(smallest)), HasSubstr("from 1 to 64"));
  EXPECT_THAT(complaint("environment = [\"A=B\"]\n" + std::string(smallest)), HasSubstr("names of variables"));
}

TEST(SkillFile, AFileThatEverybodyMayWriteIsRefused) {
  const test::TempDir directory;
  const std::string path = directory.file("skills.toml");
  std::ofstream(path) << smallest;
  ::chmod(path.c_str(), 0644);
  EXPECT_TRUE(read_skill_file(path));
  ::chmod(path.c_str(), 0666);
  ASSERT_FALSE(read_skill_file(path));
  EXPECT_THAT(read_skill_file(path).error().message, HasSubstr("chmod o-w"));
  EXPECT_THAT(read_skill_file(directory.file("none.toml")).error().message, HasSubstr("none.toml"));
}

TEST(SkillFile, TheExampleIsGood) {
  const auto file = read_skill_file(STRAWBERRY_SOURCE_DIR "/config/examples/skills.toml");
  EXPECT_TRUE(file) << file.error().message;
}

}  // namespace
}  // namespace strawberry::cli
