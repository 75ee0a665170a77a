#include "cli/spoke/skill_runner.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "cli/spoke/command_skills.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

class ASkillRunner : public testing::Test {
 protected:
  static SkillFile skills(const std::string& text) {
    auto file = parse_skill_file(text, "skills.toml");
    if (!file) throw std::runtime_error(file.error().message);
    return *file;
  }
  SkillRunner& runner(const std::string& text) {
    SkillRunner::Options options;
    skills_ = std::make_unique<CommandSkills>(loop_, skills(text), directory_.path().string());
    options.publish = [this](const std::string& answer) { answers_.push_back(json::parse(answer)); };
    options.report = [this](const SkillRunner::Report& report) { reports_.push_back(report); };
    runner_ = std::make_unique<SkillRunner>(clock_, *skills_, options);
    return *runner_;
  }
  static std::string call(const std::string& id, const std::string& path, const json& args = json::array(),
                          std::int64_t timeout_ms = 30'000) {
    return json{{"correlation_id", id}, {"skill_path", path}, {"args", args}, {"timeout_ms", timeout_ms}}.dump();
  }
  void run() {
    loop_.restart();
    loop_.run();
  }
  std::size_t lines_in(const std::string& name) const {
    std::ifstream file(directory_.file(name));
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
  }

  test::TempDir directory_;
  asio::io_context loop_;
  test::FakeClock clock_;
  std::vector<json> answers_;
  std::vector<SkillRunner::Report> reports_;
  std::unique_ptr<CommandSkills> skills_;
  std::unique_ptr<SkillRunner> runner_;
};

constexpr const char* count =
    "[[skill]]\nsignature = \"count()\"\ncommand = [\"sh\", \"-c\", \"echo x >> runs; echo 1\"]\n";

TEST_F(ASkillRunner, AnswersWithWhatTheCommandWrote) {
  runner("[[skill]]\nsignature = \"say(text: str)\"\ncommand = [\"printf\", \"--\", \"%s\\\\n\\\\n\", \"{text}\"]\n")
      .called(call("1", "CommandSkill.say", {"日本 \"🍓\""}));
  run();
  ASSERT_EQ(answers_.size(), 1u);
  const json expected{{"correlation_id", "1"}, {"success", true}, {"result", "日本 \"🍓\""}, {"error", nullptr}};
  EXPECT_EQ(answers_[0], expected) << "line ends at the end are not part of it";
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].skill_path, "CommandSkill.say");
}

TEST_F(ASkillRunner, RunsACallThatComesAgainOnce) {
  auto& spoke = runner(count);
  spoke.called(call("1", "CommandSkill.count"));
  spoke.called(call("1", "CommandSkill.count"));  // while it runs
  run();
  ASSERT_EQ(answers_.size(), 1u) << "its one answer came";
  spoke.called(call("1", "CommandSkill.count"));
  ASSERT_EQ(answers_.size(), 2u) << "at once";
  EXPECT_EQ(answers_[0], answers_[1]);
  EXPECT_EQ(lines_in("runs"), 1u);
  spoke.called(call("2", "CommandSkill.count"));
  run();
  EXPECT_EQ(lines_in("runs"), 2u);
}

TEST_F(ASkillRunner, ForgetsACallAfterTenMinutes) {
  auto& spoke = runner(count);
  spoke.called(call("1", "CommandSkill.count"));
  run();
  clock_.advance(10min);
  spoke.called(call("1", "CommandSkill.count"));
  run();
  EXPECT_EQ(lines_in("runs"), 2u) << "the same id is a new call";
}

TEST_F(ASkillRunner, RunsSomeAtOnceLetsSomeWaitAndRefusesTheRest) {
  auto& spoke = runner("calls_running_max = 2\ncalls_waiting_max = 3\n" + std::string(count));
  for (int i = 0; i < 7; ++i) spoke.called(call(std::to_string(i), "CommandSkill.count"));
  EXPECT_EQ(spoke.running(), 2u);
  EXPECT_EQ(spoke.waiting(), 3u);
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[0].at("error"), "too many calls at once: 2 are running and 3 waiting");
  spoke.called(call("4", "CommandSkill.count"));  // waits already
  run();
  EXPECT_EQ(answers_.size(), 7u);
  EXPECT_EQ(lines_in("runs"), 5u);
}

TEST_F(ASkillRunner, DoesNotBeginWhatNobodyWaitsForAnyMore) {
  auto& spoke = runner("calls_running_max = 1\n" + std::string(count));
  spoke.called(call("1", "CommandSkill.count"));
  spoke.called(call("2", "CommandSkill.count", json::array(), 500));
  clock_.advance(500ms);
  run();
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[1].at("error"), "its turn did not come in time");
  EXPECT_EQ(lines_in("runs"), 1u);
}

TEST_F(ASkillRunner, EndsACommandAtTheCallersDeadlineToo) {
  runner("[[skill]]\nsignature = \"f()\"\ncommand = [\"sleep\", \"1000\"]\n")
      .called(call("1", "CommandSkill.f", json::array(), 50));
  run();
  EXPECT_EQ(answers_.at(0).at("error"), "it did not end within 50 ms and was killed");
}

TEST_F(ASkillRunner, GivesJsonWhereTheCommandWritesIt) {
  auto& spoke = runner(
      "[[skill]]\nsignature = \"f(text)\"\ncommand = [\"printf\", \"--\", \"%s\", \"{text}\"]\noutput = \"json\"\n");
  const std::string deep(63, '[');
  const std::string end(63, ']');
  for (const std::string& text : {std::string(R"({"a": [1, 2.5, null]})"), std::string("no json"), std::string(""),
                                  deep + end, "[" + deep + end + "]", std::string(60'000, '[')}) {
    spoke.called(call(std::to_string(answers_.size()), "CommandSkill.f", {text}));
    run();
  }
  ASSERT_EQ(answers_.size(), 6u);
  EXPECT_EQ(answers_[0].at("result"), json::parse(R"({"a": [1, 2.5, null]})"));
  EXPECT_EQ(answers_[1].at("error"), "what it wrote is no JSON");
  EXPECT_EQ(answers_[2].at("error"), "what it wrote is no JSON");
  EXPECT_EQ(answers_[3].at("success"), true);
  EXPECT_EQ(answers_[4].at("error"), "what it wrote nests too deep");
  EXPECT_EQ(answers_[5].at("error"), "what it wrote is no JSON");
}

TEST_F(ASkillRunner, AnswersInUtf8WhateverTheCommandWrote) {
  auto& spoke = runner(
      "[[skill]]\nsignature = \"f()\"\ncommand = [\"printf\", 'a\\377b']\n"
      "[[skill]]\nsignature = \"g()\"\ncommand = [\"head\", \"-c\", \"150000\", \"/dev/zero\"]\noutput_bytes_max = "
      "200000\n");
  spoke.called(call("1", "CommandSkill.f"));
  run();
  EXPECT_EQ(answers_.at(0).at("result"),
            "a\xEF\xBF\xBD"
            "b");
  spoke.called(call("2", "CommandSkill.g"));
  run();
  EXPECT_THAT(answers_.at(1).at("error").get<std::string>(), HasSubstr("an answer of more than 262144 bytes"));
}

TEST_F(ASkillRunner, SurvivesRubbish) {
  auto& spoke = runner(count);
  for (const char* payload : {"", "{", "[]", "5", "null", "{}", R"({"correlation_id":5})", R"({"correlation_id":""})",
                              R"({"correlation_id":null,"skill_path":"CommandSkill.count"})", "\xff\xfe"}) {
    spoke.called(payload);
  }
  spoke.called(std::string(200'000, '['));
  spoke.called(call(std::string(257, 'x'), "CommandSkill.count"));
  EXPECT_TRUE(answers_.empty()) << "nobody could tell what they are to";
  for (const char* payload : {R"({"correlation_id":"a"})", R"({"correlation_id":"b","skill_path":[]})",
                              R"({"correlation_id":"c","skill_path":"CommandSkill.nothing"})",
                              R"({"correlation_id":"d","skill_path":"CommandSkill.count","args":5})",
                              R"({"correlation_id":"e","skill_path":"CommandSkill.count","kwargs":{"x":1}})"}) {
    spoke.called(payload);
  }
  ASSERT_EQ(answers_.size(), 5u);
  for (const json& answer : answers_) EXPECT_EQ(answer.at("success"), false) << answer;
  EXPECT_EQ(answers_[2].at("error"), "there is no skill 'CommandSkill.nothing' here");
  EXPECT_EQ(lines_in("runs"), 0u);
  spoke.called(R"({"correlation_id":"f","skill_path":"CommandSkill.count","timeout_ms":-7})");
  spoke.called(R"({"correlation_id":"g","skill_path":"CommandSkill.count","timeout_ms":18446744073709551615})");
  spoke.called(R"({"correlation_id":"h","skill_path":"CommandSkill.count","timeout_ms":"soon"})");
  run();
  EXPECT_EQ(answers_.size(), 8u);
}

TEST_F(ASkillRunner, TakesOtherSkillsWhileItRuns) {
  auto& spoke = runner(count);
  spoke.called(call("1", "CommandSkill.count"));
  skills_->use(skills("[[skill]]\nsignature = \"other()\"\ncommand = [\"echo\", \"new\"]\n"));
  spoke.called(call("2", "CommandSkill.count"));
  spoke.called(call("3", "CommandSkill.other"));
  run();
  ASSERT_EQ(answers_.size(), 3u);
  EXPECT_EQ(answers_[0].at("success"), false);
  EXPECT_EQ(lines_in("runs"), 1u) << "what ran went on";
}

TEST_F(ASkillRunner, StoppedAnswersNothingMore) {
  auto& spoke = runner("[[skill]]\nsignature = \"f()\"\ncommand = [\"sleep\", \"1000\"]\n");
  for (int i = 0; i < 6; ++i) spoke.called(call(std::to_string(i), "CommandSkill.f"));
  spoke.stop();
  run();
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(spoke.running() + spoke.waiting(), 0u);
}

TEST(EnvironmentForCommands, IsWhatWasNamedAndLittleElse) {
  ::setenv("SPOKE_TEST_SECRET", "hidden", 1);
  ::setenv("SPOKE_TEST_WANTED", "yes", 1);
  const auto environment = environment_for_commands({"SPOKE_TEST_WANTED", "SPOKE_TEST_MISSING", "PATH"});
  EXPECT_THAT(environment, testing::Contains("SPOKE_TEST_WANTED=yes"));
  EXPECT_THAT(environment, testing::Not(testing::Contains(HasSubstr("SECRET"))));
  EXPECT_THAT(environment, testing::Not(testing::Contains(HasSubstr("MISSING"))));
  EXPECT_EQ(std::count_if(environment.begin(), environment.end(), [](const auto& e) { return e.starts_with("PATH="); }),
            1);
}

}  // namespace
}  // namespace strawberry::cli
