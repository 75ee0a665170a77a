// The caller's permissions, checked at each call, independent of earlier checks.
#include "bridge/skills/skill_calls.h"
#include "common/runtime/asio.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace strawberry::bridge {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class SkillCallsTest : public testing::Test {
 protected:
  void SetUp() override { add("speaker", "alice", {row("Door", "unlock")}); }

  static SkillRow row(const std::string& class_name, const std::string& function, bool confirm = false) {
    return {class_name, function, function + "()", "", false, confirm};
  }
  void add(const std::string& id, const std::string& user, const std::vector<SkillRow>& rows, bool online = true) {
    DeviceRow device;
    device.device_id = id;
    device.user_id = user;
    device.name = device.normalized_name = id;
    device.skills_heartbeat_at_ms = to_unix_ms(clock.wall_now());
    devices.put(device);
    devices.set_online(id, online);
    skills.put(id, user, rows);
  }
  SkillCall call(const std::string& path = "Door.unlock", const std::string& target = "speaker") const {
    SkillCall made;
    made.caller = {PrincipalType::device, "tablet", "alice"};
    made.acting_user = "alice";
    made.skill_path = path;
    made.target = target;
    made.deadline = clock.steady_now() + 1h;
    return made;
  }
  /// Nullopt while the call is open.
  std::optional<Reply<json>> make(SkillCall made) {
    auto outcome = std::make_shared<std::optional<Reply<json>>>();
    asio::co_spawn(loop, calls.call(std::move(made)),
                   [outcome](std::exception_ptr, Reply<json> reply) { *outcome = std::move(reply); });
    loop.restart();
    loop.poll();
    return *outcome;
  }
  ErrorCode refused(SkillCall made) {
    const auto outcome = make(std::move(made));
    EXPECT_TRUE(sent.empty()) << "nothing is sent";
    if (!outcome || *outcome) ADD_FAILURE() << "it was not refused";
    return outcome && !*outcome ? outcome->error().code : ErrorCode::internal;
  }

  asio::io_context loop;
  test::ShiftedClock clock;
  DeviceRegistry devices;
  SkillRegistry skills{clock, devices, {}};
  std::vector<MqttMessage> sent;
  SkillCalls calls{loop,
                   clock,
                   devices,
                   skills,
                   [this](MqttMessage message) {
                     sent.push_back(std::move(message));
                     return true;
                   },
                   {}};
};

TEST_F(SkillCallsTest, ACallOnOnesOwnDeviceIsSent) {
  EXPECT_FALSE(make(call()));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].topic, "skills/speaker/call");
  calls.end_all({ErrorCode::cancelled, "", nullptr});
  loop.poll();
}

TEST_F(SkillCallsTest, WhenTheHubStopsNothingMoreIsSent) {
  calls.refuse_new();
  EXPECT_EQ(refused(call()), ErrorCode::shutting_down);
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(calls.router().counters().opened, 0U);
}

TEST_F(SkillCallsTest, ADeviceThatMeanwhileBelongsToSomebodyElseIsNotFound) {
  add("speaker", "bob", {row("Door", "unlock")});
  EXPECT_EQ(refused(call()), ErrorCode::not_found);
  EXPECT_EQ(refused(call("Door.unlock", "")), ErrorCode::not_found);
  EXPECT_EQ(refused(call("speaker.Door.unlock", "")), ErrorCode::not_found);
}

TEST_F(SkillCallsTest, ASkillThatVanishedMeanwhileIsNotFound) {
  skills.put("speaker", "alice", {row("Door", "look")});
  EXPECT_EQ(refused(call()), ErrorCode::not_found);
  skills.remove("speaker");
  EXPECT_EQ(refused(call("Door.look")), ErrorCode::not_found);
}

TEST_F(SkillCallsTest, ADeviceThatWasRevokedExpiredOrLeftIsNotCalled) {
  devices.set_online("speaker", false);
  EXPECT_EQ(refused(call()), ErrorCode::device_offline);
  clock.advance(31min);
  devices.set_online("speaker", true);
  EXPECT_EQ(refused(call()), ErrorCode::not_found);
  auto revoked = devices.find("speaker")->row;
  revoked.skills_heartbeat_at_ms = to_unix_ms(clock.wall_now());
  revoked.is_active = false;
  devices.put(revoked);
  EXPECT_EQ(refused(call()), ErrorCode::not_found);
}

TEST_F(SkillCallsTest, ArgumentsThatDoNotFitTheTargetsSignatureAreRefused) {
  auto numbers = row("Lamp", "dim");
  numbers.signature = "dim(level: int)";
  auto words = row("Lamp", "dim");
  words.signature = "dim(level: str, *rest)";
  add("desk", "alice", {numbers});
  add("floor", "alice", {words});
  auto made = call("Lamp.dim", "desk");
  EXPECT_EQ(refused(made), ErrorCode::bad_request) << "missing";
  made.args = json::array({"half"});
  EXPECT_EQ(refused(made), ErrorCode::bad_request) << "wrong";
  made.args = json::array({5, 6});
  EXPECT_EQ(refused(made), ErrorCode::bad_request) << "too many";
  made.args = json::array({5});
  made.kwargs = {{"colour", "red"}};
  EXPECT_EQ(refused(made), ErrorCode::bad_request) << "unknown";
  made.kwargs = json::object();
  made.target = "floor";
  EXPECT_EQ(refused(made), ErrorCode::bad_request) << "the other one's signature counts here";
  made.args = json::array({"half", 1, 2});
  EXPECT_FALSE(make(made)) << "it is under way";
  made.target = "desk";
  made.args = json::array({5.0});
  EXPECT_FALSE(make(made));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(json::parse(sent[1].payload).at("args").dump(), "[5]");
  calls.end_all({ErrorCode::cancelled, "", nullptr});
  loop.poll();
}

TEST_F(SkillCallsTest, ASkillWhoseSignatureIsNoneIsNotCalled) {
  auto old = row("Lamp", "dim");
  old.signature = "dim(level: int";
  add("desk", "alice", {old});
  EXPECT_EQ(refused(call("Lamp.dim", "desk")), ErrorCode::bad_request);
}

TEST_F(SkillCallsTest, AModelsCallOfASkillThatAsksFirstIsForbiddenWithoutAnAnswer) {
  skills.put("speaker", "alice", {row("Door", "unlock", /*confirm=*/true)});
  auto made = call();
  made.is_consented = false;
  EXPECT_EQ(refused(made), ErrorCode::forbidden);
  made.target.clear();
  EXPECT_EQ(refused(made), ErrorCode::forbidden);
  EXPECT_FALSE(make(call())) << "who calls it himself has said so";
  EXPECT_EQ(sent.size(), 1u);
  calls.end_all({ErrorCode::cancelled, "", nullptr});
  loop.poll();
}

TEST_F(SkillCallsTest, ADeviceThatLeavesMidCallEndsItAtOnceAndSaysThatNothingIsKnown) {
  std::optional<Reply<json>> outcome;
  asio::co_spawn(loop, calls.call(call()), [&](std::exception_ptr, Reply<json> reply) { outcome = std::move(reply); });
  loop.poll();
  EXPECT_FALSE(outcome);
  calls.target_left("speaker");
  loop.poll();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::device_offline);
  EXPECT_NE(outcome->error().message.find("unknown"), std::string::npos);
}

/// A call whose message comes back: nobody was there to hear it.
class UndeliveredCallTest : public SkillCallsTest {
 protected:
  void SetUp() override {
    SkillCallsTest::SetUp();
    asio::co_spawn(loop, calls.call(call()), [this](std::exception_ptr, Reply<json> reply) { outcome = reply; });
    run();
    ASSERT_EQ(sent.size(), 1u);
  }
  void TearDown() override {
    calls.end_all({ErrorCode::cancelled, "", nullptr});
    run();
  }
  void run() {
    loop.restart();
    loop.poll();
  }
  bool comes_back() {
    MqttMessage message = sent.back();
    const bool is_taken = calls.undelivered(message);
    run();
    return is_taken;
  }
  bool until_sent(std::size_t count, std::chrono::milliseconds patience = 10s) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (sent.size() < count && std::chrono::steady_clock::now() < give_up) {
      loop.restart();
      loop.run_for(10ms);
    }
    return sent.size() == count;
  }

  std::optional<Reply<json>> outcome;
};

TEST_F(UndeliveredCallTest, IsSentAgainAsItWas) {
  EXPECT_TRUE(comes_back());
  EXPECT_FALSE(outcome) << "the device may be on its way back";
  ASSERT_TRUE(until_sent(2));
  EXPECT_EQ(sent[1].payload, sent[0].payload);
  EXPECT_EQ(sent[1].correlation_data, sent[0].correlation_data);
  calls.result_arrived("speaker",
                       json{{"correlation_id", *sent[0].correlation_data}, {"success", true}, {"result", 5}}.dump());
  run();
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(**outcome, 5);
}

TEST_F(UndeliveredCallTest, EndsAtOnceWhenItsDeviceIsSaidToBeGone) {
  comes_back();
  calls.target_left("speaker");
  run();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::device_offline);
  EXPECT_TRUE(outcome->error().details.is_null()) << "nothing ran";
}

TEST_F(UndeliveredCallTest, MayHaveRunWhenItWasSentOverAConnectionThatIsLost) {
  calls.connection_lost();
  comes_back();
  calls.target_left("speaker");
  run();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().details, json({{"may_have_run", true}}));
}

TEST_F(UndeliveredCallTest, IsGivenUpWhenPatienceIsOver) {
  comes_back();
  ASSERT_TRUE(until_sent(2));
  clock.advance(5s);
  comes_back();
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::device_offline);
}

TEST_F(UndeliveredCallTest, IsForgottenWhenItHasEnded) {
  calls.end_all({ErrorCode::cancelled, "", nullptr});
  run();
  EXPECT_TRUE(comes_back()) << "and it is no mistake";
  EXPECT_FALSE(until_sent(2, /*patience=*/300ms)) << "longer than any pause before it would be sent again";
}

TEST_F(UndeliveredCallTest, OtherMessagesAreNotItsBusiness) {
  for (const char* topic : {"skills/speaker/response", "hub/health", "chat/speaker/call", "skills/speaker/call/x"}) {
    MqttMessage message = sent.front();
    message.topic = topic;
    EXPECT_FALSE(calls.undelivered(message)) << topic;
  }
}

}  // namespace
}  // namespace strawberry::bridge
