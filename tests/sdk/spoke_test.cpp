/// A Spoke of the C++ library in a real hub: calls, connections and their ends.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sdk/cpp/src/no_delay.h"
#include "tests/sdk/spoke_fixture.h"

namespace strawberry::test {
namespace {

using SdkSpoke = SdkFixture;

/// stop() gives its steps 950 ms together; a busy machine may add as much again.
constexpr auto stops_within = 2s;

TEST_F(SdkSpoke, AnswersCallsByPositionByNameAndByDefault) {
  const auto spoke = running_lamp();
  EXPECT_EQ(call("turn_on", {40}), "on at 40");
  EXPECT_EQ(call("turn_on", {{"brightness", 7}}), "on at 7");
  EXPECT_EQ(call("turn_on"), "on at 100");
  EXPECT_EQ(alice().call("lamp.LampSkill.turn_on", json::array(), {{"brightness", 8}}), "on at 8");
  EXPECT_TRUE(call("turn_on", {"bright"}).get<std::string>().starts_with("bad_request: "));
}

TEST_F(SdkSpoke, SetsTcpNoDelay) {
  const auto spoke = running_lamp();
  const sdk::NoDelay found = sdk::look_at_no_delay(static_cast<std::uint16_t>(hub_.port()));
  EXPECT_EQ(found.on, 1u);
  EXPECT_EQ(found.off, 0u);
}

TEST_F(SdkSpoke, AnswersManyCallsAtOnce) {
  const auto spoke = running_lamp();
  std::atomic<int> good = 0;
  alice().call("lamp.LampSkill.turn_on");
  std::vector<std::thread> callers;
  for (int t = 0; t < 8; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i)
        good += alice().call("lamp.LampSkill.turn_on", {t * 100 + i}) == "on at " + std::to_string(t * 100 + i) ? 1 : 0;
    });
  }
  for (auto& each : callers) each.join();
  EXPECT_EQ(good, 400);
}

TEST_F(SdkSpoke, IsFoundWithWhatItSaysOfItself) {
  auto spoke = lamp(lamp_options());
  spoke->skill("Party.dance(speed: float = 1.0) -> None", "Dance.\nWith all lights.", [](double) {},
               {.device_agnostic = true});
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  const auto found = alice().search("dance");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at(0).path, "Party.dance");
  EXPECT_EQ(found.at(0).signature, "dance(speed: float = 1.0) -> None");
  EXPECT_EQ(found.at(0).summary, "Dance.");
  EXPECT_EQ(found.at(0).devices, std::vector<std::string>{"lamp"});
  EXPECT_TRUE(found.at(0).device_agnostic);
  EXPECT_EQ(alice().call("hub.Party.dance"), nullptr);
}

TEST_F(SdkSpoke, OffersSkillsThatAreAddedWhileItRuns) {
  const auto spoke = running_lamp();
  spoke->skill("LampSkill.blink() -> str", "", [] { return "blinks"; });
  ASSERT_TRUE(spoke->wait_until_ready());
  EXPECT_EQ(call("blink"), "blinks");
  EXPECT_EQ(call("turn_on", {1}), "on at 1");
}

TEST_F(SdkSpoke, CallsAnotherFromWithinASkill) {
  auto spoke = lamp(lamp_options());
  Spoke* self = spoke.get();
  spoke->skill("relay(n: int) -> str", "", [self](int n) { return self->call("LampSkill.turn_on", {n}); });
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  EXPECT_EQ(call("relay", {3}), "on at 3");
}

TEST_F(SdkSpoke, KnowsWhoCallsAndUntilWhen) {
  auto spoke = lamp(lamp_options());
  spoke->skill("who() -> list", "", [](const CallContext& context) {
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(context.deadline - std::chrono::steady_clock::now());
    return json{context.caller_id, context.skill_path, left.count() <= 5 && left.count() >= 3, context.is_over()};
  });
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  EXPECT_EQ(call("who", json::array(), 5s), json({"alice", "LampSkill.who", true, false}));
}

TEST_F(SdkSpoke, ComesBackWithTheHubAndLosesNoRequest) {
  const auto spoke = running_lamp();
  EXPECT_EQ(call("turn_on", {1}), "on at 1");
  hub_.stop();
  ASSERT_TRUE(heard_.wait_for("trying again"));
  std::thread asks_meanwhile([this] { EXPECT_EQ(call("turn_on", {2}, 60s), "on at 2"); });
  std::this_thread::sleep_for(2s);
  hub_.start();
  asks_meanwhile.join();
  EXPECT_TRUE(heard_.wait_for("offers 1 skill", 2));
  EXPECT_EQ(heard_.count("trying again"), 1u) << "one line for all attempts:\n" << heard_.text();
}

TEST_F(SdkSpoke, RegistersWhenTheHubComesLaterThanItself) {
  auto options = lamp_options();
  hub_.stop();
  auto spoke = lamp(options);
  spoke->start();
  EXPECT_FALSE(spoke->wait_until_ready(300ms));
  EXPECT_FALSE(spoke->is_online());
  hub_.start();
  EXPECT_TRUE(spoke->wait_until_ready(20s)) << heard_.text();
  EXPECT_EQ(call("turn_on", {1}), "on at 1");
}

TEST_F(SdkSpoke, SaysUnreachableOrTimeoutByWhatItIs) {
  auto options = lamp_options();
  hub_.stop();
  auto spoke = lamp(options);
  EXPECT_EQ(code_of([&] { spoke->request("devices", {{"op", "me"}}, 200ms); }), "unreachable");
}

TEST_F(SdkSpoke, StopsWithinASecondAndStartsAgain) {
  const auto spoke = running_lamp();
  for (int i = 2; i < 5; ++i) {
    EXPECT_LT(time_of([&] { spoke->stop(); }), stops_within);
    EXPECT_FALSE(spoke->is_online());
    EXPECT_EQ(code_of([&] { spoke->search("x"); }), "stopped");
    spoke->start();
    ASSERT_TRUE(spoke->wait_until_ready()) << heard_.text();
    EXPECT_EQ(call("turn_on", {i}), "on at " + std::to_string(i));
  }
}

TEST_F(SdkSpoke, StopsWithinASecondWhereNobodyAnswers) {
  SpokeOptions options = lamp_options();
  options.host = "192.0.2.1";  // an address for documentation: packets to it are lost
  auto spoke = lamp(options);
  spoke->start();
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(time_of([&] { spoke->stop(); }), stops_within);
}

TEST_F(SdkSpoke, StopsWithinASecondWhileASkillRuns) {
  auto spoke = lamp(lamp_options());
  auto goes_on = std::make_shared<std::atomic<bool>>(true);
  auto started = std::make_shared<std::atomic<bool>>(false);
  spoke->skill("hang()", "", [goes_on, started] {
    *started = true;
    while (*goes_on) std::this_thread::sleep_for(1ms);
  });
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready());
  std::thread caller([this] { call("hang"); });
  while (!*started) std::this_thread::sleep_for(1ms);
  EXPECT_LT(time_of([&] { spoke = nullptr; }), stops_within);
  EXPECT_TRUE(heard_.wait_for("left behind"));
  *goes_on = false;
  caller.join();
  std::this_thread::sleep_for(50ms);  // the abandoned thread ends without its Spoke
}

TEST_F(SdkSpoke, GivesWayWhenItRunsTwice) {
  const auto options = lamp_options();
  auto first = lamp(options);
  int code = -1;
  std::thread runs([&] { code = first->run(); });
  ASSERT_TRUE(heard_.wait_for("offers 1 skill"));
  Heard second_heard;
  auto second = lamp(second_heard.with(options));
  second->start();
  EXPECT_TRUE(second->wait_until_ready(20s)) << second_heard.text();
  runs.join();
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(heard_.wait_for("it runs twice"));
  EXPECT_EQ(call("turn_on", {5}), "on at 5");
}

TEST_F(SdkSpoke, ASecondSpokeOfTheProcessConnectsSoon) {
  const auto first = running_lamp();
  auto second = std::make_unique<Spoke>(hub_.device("Speaker"));
  second->skill("Speaker.say(text: str)", "", [](const std::string&) {});
  const auto took = time_of([&] {
    second->start();
    EXPECT_TRUE(second->wait_until_ready());
  });
  EXPECT_LT(took, 4s) << "Paho looks for a new socket once a second";
  RecordProperty("milliseconds", static_cast<int>(took.count()));
}

TEST_F(SdkSpoke, SaysEachTimeThatTheHubKnowsItsSkills) {
  std::atomic<int> times = 0;
  auto options = lamp_options();
  options.on_ready = [&] { ++times; };
  auto spoke = lamp(options);
  spoke->start();
  ASSERT_TRUE(heard_.wait_for("offers 1 skill"));
  hub_.stop();
  hub_.start();
  ASSERT_TRUE(heard_.wait_for("offers 1 skill", 2));
  spoke->stop();
  EXPECT_EQ(times, 2);
}

TEST_F(SdkSpoke, RunEndsWithStopFromAnotherThread) {
  auto spoke = lamp(lamp_options());
  int code = -1;
  std::thread runs([&] { code = spoke->run(); });
  ASSERT_TRUE(heard_.wait_for("offers 1 skill"));
  spoke->stop();
  runs.join();
  EXPECT_EQ(code, 0);
}

TEST_F(SdkSpoke, SpeaksTls) {
  TestHub::Options options = program();
  options.arguments = {"--tls"};
  TestHub tls(options);
  auto spoke = lamp(heard_.with(tls.device("Lamp")));
  spoke->start();
  ASSERT_TRUE(spoke->wait_until_ready()) << heard_.text();
  Spoke bob(tls.user("alice"));
  EXPECT_EQ(bob.call("lamp.SpokeSkill.turn_on", {5}), "on at 5");
  SpokeOptions stranger = tls.device("Other");
  stranger.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  Heard not_trusted;
  Spoke refuses(not_trusted.with(stranger));
  refuses.start();
  EXPECT_TRUE(not_trusted.wait_for("trying again"));
  EXPECT_FALSE(refuses.is_online());
}

}  // namespace
}  // namespace strawberry::test
