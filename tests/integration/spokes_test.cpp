/// Every kind of Spoke against the real hub: `strawberryctl spoke`, the example in Python, that in C++.
#include <gtest/gtest.h>

#include "tests/integration/spoke_fixture.h"

namespace strawberry::test {
namespace {

using namespace std::chrono_literals;

class AnySpoke : public SpokeFixture, public testing::WithParamInterface<const char*> {
 protected:
  /// Printed when the hub has confirmed the registration, and once for every run of the skill.
  std::string registered() const { return "offers "; }
  std::string ran() const { return kind() == "ctl" ? "LampSkill.turn_on  " : "the lamp shines at"; }
  static std::string kind() { return GetParam(); }

  void start() {
    directory_ = connect_directory("lamp");
    run_it();
    wait_for(registered());
  }
  void run_it() { run(argv()); }
  std::vector<std::string> argv() {
    if (kind() == "python") return {STRAWBERRY_PYTHON, STRAWBERRY_SOURCE_DIR "/examples/spoke.py", directory_};
    if (kind() == "cpp") return {STRAWBERRY_EXAMPLE_SPOKE, directory_};
    write_skills(R"(
      class_name = "LampSkill"
      [[skill]]
      signature = "turn_on(brightness: int = 100) -> str"
      docstring = "Turn the garden lamp on."
      command = ["printf", "The lamp is on at %s %%", "{brightness}"]
    )");
    return {STRAWBERRYCTL_PATH, "spoke", "--skills", file("skills.toml"), "--connect", directory_};
  }

  std::string directory_;
};

TEST_P(AnySpoke, AnswersCalls) {
  start();
  EXPECT_EQ(call("LampSkill.turn_on", {40}).at("result"), "The lamp is on at 40 %");
  EXPECT_EQ(call("LampSkill.turn_on").at("result"), "The lamp is on at 100 %");
  EXPECT_EQ(call("LampSkill.turn_on", json::array(), {{"brightness", 7}}).at("result"), "The lamp is on at 7 %");
  wait_for_count(ran(), 3);
  EXPECT_EQ(count(ran()), 3u);
}

TEST_P(AnySpoke, SaysWhyACallCannotBe) {
  start();
  EXPECT_EQ(call("LampSkill.turn_on", json::array({"bright"})).at("error").at("code"), "bad_request")
      << "the hub knows the signature";
  publish_call({{"correlation_id", "1"},
                {"skill_path", "LampSkill.__init__"},
                {"args", json::array()},
                {"kwargs", json::object()}});
  EXPECT_EQ(next_result().at("success"), false);
}

TEST_P(AnySpoke, RunsACallThatComesAgainOnceAndAnswersItAgain) {
  start();
  const json twice{
      {"correlation_id", "twice"}, {"skill_path", "LampSkill.turn_on"}, {"args", {5}}, {"kwargs", json::object()}};
  publish_call(twice);
  const json first = next_result();
  EXPECT_EQ(first.at("result"), "The lamp is on at 5 %");
  publish_call(twice);
  EXPECT_EQ(next_result(), first);
  wait_for_count(ran(), 1);
  EXPECT_EQ(count(ran()), 1u) << process().output();
}

TEST_P(AnySpoke, IsAskedOnceThoughTheBridgeDiedAndWasAskedAgain) {
  start();
  const json first = call("LampSkill.turn_on", {5}, json::object(), "pressed twice");
  ASSERT_EQ(first.at("success"), true) << first;
  hub().kill_bridge();
  hub().start_bridge();
  EXPECT_EQ(call("LampSkill.turn_on", {5}, json::object(), "pressed twice"), first);
  EXPECT_EQ(call("LampSkill.turn_on", {6}).at("result"), "The lamp is on at 6 %");
  wait_for_count(ran(), 2);
  EXPECT_EQ(count(ran()), 2u) << process().output();
}

TEST_P(AnySpoke, ComesBackWithTheBroker) {
  start();
  restart_broker();
  wait_for(registered());
  EXPECT_EQ(call("LampSkill.turn_on", {8}).at("result"), "The lamp is on at 8 %");
}

TEST_P(AnySpoke, StopsAndSaysSoWhenItWasStartedTwice) {
  start();
  ChildProcess::Options options;
  options.argv = argv();
  ChildProcess second(std::move(options));
  EXPECT_TRUE(second.wait_for_output(registered(), 20s)) << second.output();
  EXPECT_EQ(process().wait_for_exit(60s), 1) << process().output() << second.output();
  EXPECT_NE(process().output().find("it runs twice"), std::string::npos) << process().output();
  // The second has just taken over the connection: a call before it has subscribed ends at its deadline.
  json reply = json::object();
  for (int attempt = 0; attempt < 5 && reply.value("result", json()).is_null(); ++attempt) {
    reply = call("LampSkill.turn_on", {40}, json::object(), new_id(), 2'000ms);
  }
  EXPECT_EQ(reply.at("result"), "The lamp is on at 40 %") << reply;
  EXPECT_TRUE(second.is_running()) << second.output();
}

TEST_P(AnySpoke, SaysOnceWhyItsTokenIsRefusedAndEnds) {
  directory_ = connect_directory("lamp", "e30.e30.c2ln");
  run_it();
  EXPECT_EQ(process().wait_for_exit(20s), 1) << process().output();
  EXPECT_NE(process().output().find("strawberryctl token issue --device lamp --mosquitto DIR"), std::string::npos)
      << process().output();
  EXPECT_EQ(count("token issue"), 1u) << process().output();
}

TEST_P(AnySpoke, RegistersWhenTheHubComesLaterThanItself) {
  directory_ = connect_directory("lamp");
  hub().kill_bridge();
  hub().broker().kill();  // and with it the retained messages
  hub().broker().start();
  run_it();
  auto alice = hub().user("alice");
  alice->mqtt().subscribe("devices/lamp/status");
  ASSERT_TRUE(alice->mqtt().wait_for(
      [](const TestMessage& status) { return status.payload.find("\"online\"") != std::string::npos; }, 20s))
      << process().output();
  hub().start_bridge();
  meet_again();
  wait_for(registered());
  EXPECT_EQ(call("LampSkill.turn_on", {8}).at("result"), "The lamp is on at 8 %");
}

TEST_P(AnySpoke, SurvivesRubbish) {
  start();
  for (const char* rubbish :
       {"", "{", "[]", "5", "\"x\"", "{}", R"({"correlation_id":5})", R"({"correlation_id":null})", "\xff"}) {
    publish_call_text(rubbish);
  }
  publish_call({{"correlation_id", "x"}});
  publish_call({{"correlation_id", "y"}, {"skill_path", 5}, {"args", 5}, {"kwargs", "z"}});
  EXPECT_EQ(call("LampSkill.turn_on", {9}).at("result"), "The lamp is on at 9 %");
}

TEST_P(AnySpoke, LeavesWhenItIsTold) {
  start();
  ASSERT_TRUE(is_online());
  EXPECT_EQ(process().terminate(), 0) << process().output();
  EXPECT_TRUE(goes_offline());
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnySpoke, testing::Values("ctl", "python", "cpp"),
                         [](const auto& spoke) { return std::string(spoke.param); });

}  // namespace
}  // namespace strawberry::test
